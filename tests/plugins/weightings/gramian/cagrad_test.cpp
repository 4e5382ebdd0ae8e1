#include <gtest/gtest.h>

#include <cmath>

#include "tests/plugins/weightings/linear_step.h"
#include "tests/plugins/weightings/matrix_method.h"

namespace tasuki {
namespace {

using testing::is_close;
using testing::LinearProblem;

// n tasks, whose gradients the test chooses.
std::vector<Objective> tasks(int64_t n) {
  std::vector<Objective> objectives;
  for (int64_t i = 0; i < n; ++i) {
    objectives.push_back(Objective::primary("task" + std::to_string(i)));
  }
  return objectives;
}

// What CAGrad makes of these gradients, [P].
torch::Tensor combine(const torch::Tensor& rows, const std::string& options) {
  return testing::direction("tasuki/CAGrad", options, rows);
}
// What it leaves in the shared part of a model.
torch::Tensor train(const torch::Tensor& rows, const std::string& options) {
  LinearProblem problem(tasks(rows.size(0)), rows.scalar_type());
  problem.set_shared(rows);
  auto step = problem.step();
  testing::take_step(*testing::make<Weighting>("tasuki/CAGrad", options, problem.context()), step);
  return problem.shared(problem.gradient());
}

// d itself: the combined gradient over n, without rescaling.
torch::Tensor direction(const torch::Tensor& rows, double c) {
  return combine(rows, "rescale: 0 c: " + std::to_string(c));
}

double length(const torch::Tensor& vector) {
  return vector.norm().item<double>();
}

// Gradients in different relations to each other, [n, 34] float64.
enum class Relation { kRandom, kSimilar, kConflict, kScales };
torch::Tensor draw(Relation relation, int64_t n) {
  auto rows = torch::randn({n, 34}, torch::kFloat64);
  const auto common = torch::randn({34}, torch::kFloat64);
  if (relation == Relation::kSimilar) return common + 0.1 * rows;
  if (relation == Relation::kConflict) {
    for (int64_t i = 0; i < n; ++i) rows[i] = 0.3 * rows[i] + (i % 2 == 0 ? 1 : -1) * common;
  }
  if (relation == Relation::kScales) {
    for (int64_t i = 0; i < n; ++i) rows[i] *= std::pow(10.0, double(i % 3) - 2);
  }
  return rows;
}

struct Case {
  torch::Tensor rows;
  double c;
};

// Every relation, number of objectives and c, a few times.
std::vector<Case> cases() {
  torch::manual_seed(1);
  std::vector<Case> all;
  for (const auto relation :
       {Relation::kRandom, Relation::kSimilar, Relation::kConflict, Relation::kScales}) {
    for (const int64_t n : {2, 3, 9}) {
      for (const double c : {0.1, 0.4, 0.9}) {
        for (int i = 0; i < 3; ++i) all.push_back({draw(relation, n), c});
      }
    }
  }
  return all;
}

TEST(CAGrad, StaysInTheBallAroundTheMean) {
  for (const auto& [rows, c] : cases()) {
    const auto mean = rows.mean(0);
    EXPECT_LE(length(direction(rows, c) - mean), c * length(mean) * (1 + 1e-9));
  }
}

// The weights w are read off d - g_0, which is a positive multiple of sum_i w_i g_i.
TEST(CAGrad, KeepsTheOptimalityConditionOfItsDual) {
  for (const auto& [rows, c] : cases()) {
    const auto d = direction(rows, c);
    const auto multiple = std::get<0>(torch::linalg_lstsq(rows.t(), (d - rows.mean(0)).unsqueeze(1),
                                                          c10::nullopt, c10::nullopt))
                              .squeeze(1);
    const auto w = multiple / multiple.sum();
    EXPECT_GE(w.min().item<double>(), -1e-8);
    const auto gains = rows.mv(d);  // g_i . d
    const double scale = rows.square().sum(1).max().item<double>();
    const double least = gains.min().item<double>();
    for (int64_t i = 0; i < rows.size(0); ++i) {
      if (w[i].item<double>() < 1e-6) continue;
      EXPECT_NEAR(gains[i].item<double>(), least, 1e-8 * scale / w[i].item<double>()) << w;
    }
  }
}

// The primal value is the dual's: no direction in the ball helps the worst objective more. Only the
// smoothing of the norm lies between them.
TEST(CAGrad, HelpsTheWorstObjectiveAsMuchAsTheDualAllows) {
  for (const auto& [rows, c] : cases()) {
    const auto d = direction(rows, c), mean = rows.mean(0);
    const auto multiple = std::get<0>(torch::linalg_lstsq(rows.t(), (d - mean).unsqueeze(1),
                                                          c10::nullopt, c10::nullopt))
                              .squeeze(1);
    const auto weighted = (multiple / multiple.sum()).matmul(rows);
    const double radius = c * length(mean);
    const double dual = weighted.dot(mean).item<double>() + radius * length(weighted);
    const double largest = std::sqrt(rows.square().sum(1).max().item<double>());
    const double primal = rows.mv(d).min().item<double>();
    EXPECT_NEAR(primal, dual, 1e-4 * radius * largest + 1e-8 * largest * largest);
  }
}

TEST(CAGrad, HelpsTheWorstObjectiveMoreThanTheMeanAndAnyOtherTry) {
  torch::manual_seed(2);
  const auto rows = draw(Relation::kConflict, 3);
  const auto mean = rows.mean(0);
  const double reached = rows.mv(direction(rows, 0.4)).min().item<double>();
  EXPECT_GT(reached, rows.mv(mean).min().item<double>());
  for (int i = 0; i < 500; ++i) {
    const auto mix = torch::randn({3}, torch::kFloat64).matmul(rows);
    const auto other = mean + 0.4 * length(mean) * mix / mix.norm();
    EXPECT_GE(reached, rows.mv(other).min().item<double>() - 1e-4 * length(mean) * length(rows));
  }
}

TEST(CAGrad, WithoutABallIsTheSum) {
  torch::manual_seed(3);
  for (const auto type : {torch::kFloat64, torch::kFloat32}) {
    const auto rows = draw(Relation::kConflict, 4).to(type);
    for (const std::string rescale : {"0", "1", "2"}) {
      EXPECT_TRUE(is_close(combine(rows, "c: 0 rescale: " + rescale), rows.mean(0)));
    }
  }
}

TEST(CAGrad, RescalesAsPublished) {
  torch::manual_seed(4);
  const auto rows = draw(Relation::kRandom, 3);
  const auto plain = combine(rows, "c: 0.6 rescale: 0");
  EXPECT_TRUE(is_close(combine(rows, "c: 0.6 rescale: 1"), plain / 1.36));
  EXPECT_TRUE(is_close(combine(rows, "c: 0.6 rescale: 2"), plain / 1.6));
  EXPECT_TRUE(is_close(combine(rows, ""), combine(rows, "c: 0.4 rescale: 1")));
}

// And not (1 + c) / r times it.
TEST(CAGrad, OneObjectiveGoesOnAsItIs) {
  torch::manual_seed(8);
  const auto rows = draw(Relation::kRandom, 1);
  for (const std::string options : {"", "c: 0.9 rescale: 0", "c: 0.4 rescale: 1", "rescale: 2"}) {
    EXPECT_TRUE(train(rows, options).equal(rows[0])) << options;
    EXPECT_TRUE(train(rows, options + " scope: SHARED_AND_ROUTES").equal(rows[0])) << options;
  }
}

TEST(CAGrad, DoesNotDependOnTheScaleOfTheLosses) {
  torch::manual_seed(5);
  const auto rows = draw(Relation::kConflict, 3);
  const auto combined = combine(rows, "");
  for (const double scale : {1e-6, 1e6}) {
    EXPECT_TRUE(is_close(combine(rows * scale, "") / scale, combined)) << scale;
  }
}

TEST(CAGrad, Float32IsNearFloat64) {
  torch::manual_seed(6);
  for (int i = 0; i < 10; ++i) {
    const auto rows = draw(Relation::kRandom, 3);
    const auto single = combine(rows.to(torch::kFloat32), "").to(torch::kFloat64);
    EXPECT_LT(length(single - combine(rows, "")), 1e-4 * length(rows));
  }
}

TEST(CAGrad, OppositeEqualAndMissingGradientsAreNoTrouble) {
  torch::manual_seed(7);
  for (const auto type : {torch::kFloat64, torch::kFloat32}) {
    auto rows = draw(Relation::kRandom, 3).to(type);
    for (const double factor : {-1.0, 0.0, 1.0, 3.0}) {
      rows[1] = factor * rows[0];
      const auto d = combine(rows, "rescale: 0 c: 0.9");
      ASSERT_TRUE(d.isfinite().all().item<bool>()) << factor;
      EXPECT_LE(length(d - rows.mean(0)), 0.9 * length(rows.mean(0)) * (1 + 1e-3)) << factor;
    }
  }
}

TEST(CAGrad, RefusesOptionsOutOfRange) {
  const auto field = [](const std::string& options) {
    LinearProblem problem(tasks(2));
    try {
      testing::make<Weighting>("tasuki/CAGrad", options, problem.context());
    } catch (const OptionError& error) {
      return error.field();
    }
    return std::string("nothing refused");
  };
  for (const std::string value : {"-0.1", "nan", "inf"}) {
    EXPECT_EQ(field("c: " + value), "c") << value;
  }
  EXPECT_EQ(field("c: 1.5"), "nothing refused");
  EXPECT_EQ(field("rescale: 3"), "rescale");
}

}  // namespace
}  // namespace tasuki
