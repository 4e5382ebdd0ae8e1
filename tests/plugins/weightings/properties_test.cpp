#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/plugins/weightings/gramian/fixture_method.h"
#include "tests/plugins/weightings/matrix_step.h"

namespace tasuki {
namespace {

using testing::weights_of;

// What a method claims; each is held to it on matrices of full rank, 2 <= n <= 9.
struct Claims {
  std::string name;
  std::string options;
  bool helps_all;        // g_i . d >= 0
  bool symmetric;        // the order of the rows does not matter
  bool linear;           // in positive scales of the rows: f(a) + f(b) = f(a + b)
  double degree;         // d(s G) = s^degree d(G); NaN: none
  bool keeps_direction;  // whatever positive scales the rows have
  bool keeps_signs;      // weights >= 0
  bool sums_to_one;
  bool rests;        // d = 0 where a convex combination of the rows is zero
  double floor = 0;  // what the published rule adds to the lengths that it divides by
};

std::ostream& operator<<(std::ostream& out, const Claims& claims) {
  return out << claims.name << " " << claims.options;
}

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

const std::vector<Claims>& all_claims() {
  static const std::vector<Claims> kClaims = {
      {"MGDA", "", true, true, false, 1, false, true, true, true},
      {"MGDA", "normalization: L2", true, true, false, 0, true, true, false, true},
      {"UPGrad", "", true, true, true, 1, false, true, false, true},
      {"DualProj", "", true, true, false, 1, false, true, false, true},
      {"NashMTL", "", true, true, false, 0, true, true, false, true},
      {"FairGrad", "", true, true, false, 0, true, true, false, true},
      {"FairGrad", "alpha: 2", true, true, false, -1.0 / 3, false, true, false, true},
      {"FairGrad", "alpha: 0.5", true, true, false, 1.0 / 3, false, true, false, true},
      {"FairGrad", "alpha: 5", true, true, false, -2.0 / 3, false, true, false, true},
      {"PIVRG", "score { objective: \"t0\" value: 7 }", true, false, false, -1.0 / 3, false, true,
       false, true},
      {"IMTLG", "", true, true, false, 1, true, false, true, false},
      {"ConFIG", "", true, true, true, 1, true, false, false, false},
      {"AlignedMTL", "", false, true, false, 1, false, false, false, false},
      {"AlignedMTL", "scale_mode: MEDIAN", false, true, false, 1, false, false, false, false},
      {"AlignedMTL", "scale_mode: RMSE", false, true, false, 1, false, false, false, false},
      {"CAGrad", "", false, true, false, 1, false, true, false, false},
      {"CAGrad", "c: 1.5", true, true, false, 1, false, true, false, true},
      {"IMGrad", "", false, true, false, 1, false, true, false, false},
      {"PCD", "eps: 1e-30", false, false, true, 1, true, true, false, false},
      {"PCGrad", "", false, false, true, 1, false, true, false, false},
      {"GradVac", "", false, false, false, 1, false, true, false, false},
      {"GradDrop", "", false, true, false, 1, false, false, false, false},
      {"TrimmedMean", "", false, true, false, 1, false, false, false, false},
      // In their first step.
      {"DBMTL", "", false, true, false, 1, true, false, false, false, 1e-8},
      {"MoCo", "", false, true, false, 0, true, false, false, false, 1e-8},
      {"ExcessMTL", "", false, true, false, kNone, false, false, false, false},
      {"SAMGS", "", false, true, false, kNone, false, false, false, false},
      {"VarGrad", "", true, true, false, -1.0 / 3, false, false, false, true},
  };
  return kClaims;
}

// Independent, near-parallel, with a near-opposite pair, or of lengths up to a hundred times apart.
torch::Tensor full_rank_rows(int seed) {
  torch::manual_seed(seed);
  const int64_t n = 2 + seed % 8;
  auto rows = torch::randn({n, 40}, torch::kFloat64);
  if (seed % 4 == 1) rows = torch::randn({40}, torch::kFloat64) + 0.1 * rows;
  if (seed % 4 == 2) rows[1] = -rows[0] + 0.1 * rows[1];
  if (seed % 4 == 3) rows *= torch::pow(10, 2 * torch::rand({n, 1}, torch::kFloat64) - 1);
  return rows;
}

double norm_of(const torch::Tensor& vector) {
  return vector.norm().item<double>();
}

class GradientProperties : public ::testing::TestWithParam<Claims> {
 protected:
  static constexpr int kSeeds = 80;

  static torch::Tensor weights(const torch::Tensor& rows) {
    return weights_of("tasuki/" + GetParam().name, GetParam().options, rows);
  }
  static torch::Tensor direction(const torch::Tensor& rows) {
    const auto name = "tasuki/" + GetParam().name;
    const auto n = rows.size(0);
    const auto method = testing::make<Weighting>(name, GetParam().options, testing::context_of(n));
    if (dynamic_cast<GramianWeighting*>(method.get()) != nullptr) return weights(rows).matmul(rows);
    testing::MatrixStep step(name, GetParam().options, n, rows.size(1));
    step.take(rows);
    return step.direction();
  }
  // Relative to the direction, where `scale` is the least that rows are multiplied with. Averages
  // of a first step are a tenth or more of a row.
  static double tolerance(const torch::Tensor& rows, double scale) {
    const double shortest = scale * rows.norm(2, 1).min().item<double>();
    return 1e-8 + 20 * GetParam().floor / shortest;
  }
  static torch::Tensor positive(int64_t n) { return torch::rand({n, 1}, torch::kFloat64) + 0.1; }
};

TEST_P(GradientProperties, HelpAllObjectives) {
  int conflicts = 0;
  for (int seed = 0; seed < kSeeds; ++seed) {
    const auto rows = full_rank_rows(seed);
    const auto d = direction(rows);
    const auto cosines = rows.mv(d) / (rows.norm(2, 1) * d.norm());
    if (cosines.min().item<double>() < -1e-9) ++conflicts;
  }
  if (GetParam().helps_all) {
    EXPECT_EQ(conflicts, 0);
  }
}

TEST_P(GradientProperties, DoNotDependOnTheOrderOfTheRows) {
  if (!GetParam().symmetric) return;
  for (int seed = 0; seed < kSeeds; ++seed) {
    const auto rows = full_rank_rows(seed);
    const auto d = direction(rows);
    const auto permuted = rows.index_select(0, torch::randperm(rows.size(0)));
    EXPECT_LE(norm_of(direction(permuted) - d), 1e-8 * norm_of(d)) << seed;
  }
}

TEST_P(GradientProperties, AreLinearInTheScalesOfTheRows) {
  if (!GetParam().linear) return;
  for (int seed = 0; seed < kSeeds; ++seed) {
    const auto rows = full_rank_rows(seed);
    const auto a = positive(rows.size(0)), b = positive(rows.size(0));
    const auto sum = direction((a + b) * rows);
    EXPECT_LE(norm_of(direction(a * rows) + direction(b * rows) - sum), 1e-9 * norm_of(sum))
        << seed;
  }
}

TEST_P(GradientProperties, ScaleByTheirDegree) {
  if (std::isnan(GetParam().degree)) return;
  for (int seed = 0; seed < kSeeds; ++seed) {
    const auto rows = full_rank_rows(seed);
    const auto d = direction(rows);
    for (const double scale : {1e-5, 7.0}) {
      const auto expected = std::pow(scale, GetParam().degree) * d;
      EXPECT_LE(norm_of(direction(scale * rows) - expected),
                tolerance(rows, std::min(scale, 1.0)) * norm_of(expected))
          << seed;
    }
  }
}

TEST_P(GradientProperties, KeepTheirDirectionWhateverTheScalesOfTheRows) {
  if (!GetParam().keeps_direction) return;
  for (int seed = 0; seed < kSeeds; ++seed) {
    const auto rows = full_rank_rows(seed);
    const auto d = direction(rows), other = direction(positive(rows.size(0)) * rows);
    EXPECT_LE(norm_of(d / norm_of(d) - other / norm_of(other)), tolerance(rows, 0.1)) << seed;
  }
}

TEST_P(GradientProperties, KeepTheSignsAndTheSumOfTheirWeights) {
  if (!GetParam().keeps_signs && !GetParam().sums_to_one) return;
  for (int seed = 0; seed < kSeeds; ++seed) {
    const auto w = weights(full_rank_rows(seed));
    if (GetParam().keeps_signs) {
      EXPECT_GE(w.min().item<double>(), 0) << seed;
    }
    if (GetParam().sums_to_one) {
      EXPECT_NEAR(w.sum().item<double>(), 1, 1e-12) << seed;
    }
  }
}

// Rows of which a convex combination is zero, equal rows, and rows that are zero.
TEST_P(GradientProperties, TakeRowsThatHaveNoFullRank) {
  for (int seed = 0; seed < kSeeds; ++seed) {
    auto rows = full_rank_rows(seed);
    const int64_t last = rows.size(0) - 1;
    const double largest = rows.norm(2, 1).max().item<double>();
    auto stationary = rows.clone();
    stationary[last] = -rows.slice(0, 0, last).sum(0);
    const auto d = direction(stationary);
    ASSERT_TRUE(d.isfinite().all().item<bool>()) << seed;
    if (GetParam().rests) {
      EXPECT_LE(norm_of(d), 1e-6 * largest) << seed;
    }
    auto equal = rows.clone();
    equal[last] = rows[0];
    EXPECT_TRUE(direction(equal).isfinite().all().item<bool>()) << seed;
    auto opposite = rows.clone();
    opposite[last] = -3 * rows[0];
    EXPECT_TRUE(direction(opposite).isfinite().all().item<bool>()) << seed;
    rows[seed % rows.size(0)].zero_();
    EXPECT_TRUE(direction(rows).isfinite().all().item<bool>()) << seed;
  }
}

TEST_P(GradientProperties, TakeRowsAMillionTimesApart) {
  for (int seed = 0; seed < kSeeds; ++seed) {
    auto rows = full_rank_rows(seed);
    rows *= torch::pow(10, 6 * torch::rand({rows.size(0), 1}, torch::kFloat64) - 3);
    EXPECT_TRUE(direction(rows).isfinite().all().item<bool>()) << seed;
  }
}

TEST_P(GradientProperties, ShowThatAGradientIsNotFinite) {
  for (const double bad : {std::nan(""), HUGE_VAL}) {
    auto rows = full_rank_rows(5);
    rows[1][3] = bad;
    EXPECT_FALSE(direction(rows).isfinite().all().item<bool>());
  }
}

INSTANTIATE_TEST_SUITE_P(Every, GradientProperties, ::testing::ValuesIn(all_claims()),
                         [](const auto& info) {
                           return info.param.name + "_" + std::to_string(info.index);
                         });

// What the methods say of their answers.
TEST(GramianIdentities, Hold) {
  for (int seed = 0; seed < 40; ++seed) {
    const auto rows = full_rank_rows(seed);
    const double n = double(rows.size(0));
    const auto along = [&](const std::string& name, const std::string& options) {
      return weights_of("tasuki/" + name, options, rows).matmul(rows);
    };
    EXPECT_NEAR(along("NashMTL", "").square().sum().item<double>(), n, 1e-8 * n) << seed;
    const auto shortest = along("MGDA", "");
    EXPECT_GE(rows.mv(shortest).min().item<double>(),
              shortest.square().sum().item<double>() * (1 - 1e-9))
        << seed;
    const auto impartial = along("IMTLG", "");
    const auto projections = rows.mv(impartial) / rows.norm(2, 1);
    EXPECT_LE(norm_of(projections - projections[0]), 1e-8 * norm_of(projections)) << seed;
    const auto mean = rows.mean(0);
    for (const double c : {0.4, 1.5}) {
      const auto d = along("CAGrad", "rescale: 0 c: " + std::to_string(c));
      EXPECT_NEAR(norm_of(d - mean), c * norm_of(mean), 1e-9 * norm_of(mean)) << seed;
    }
    const auto config = along("ConFIG", "");
    const auto cosines = rows.mv(config) / (rows.norm(2, 1) * norm_of(config));
    EXPECT_LE((cosines - cosines[0]).abs().max().item<double>(), 1e-9) << seed;
    const auto unit = rows / rows.norm(2, 1, true);
    EXPECT_LE(norm_of(along("MGDA", "normalization: L2") -
                      weights_of("tasuki/MGDA", "", unit).matmul(unit)),
              1e-9)
        << seed;
    EXPECT_LE(norm_of(along("PIVRG", "") - along("FairGrad", "alpha: 2")), 1e-9 * norm_of(rows));
  }
}

}  // namespace
}  // namespace tasuki
