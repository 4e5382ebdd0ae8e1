#include <gtest/gtest.h>

#include <algorithm>

#include "plugins/weightings/gramian/gradient_surgery.h"
#include "tests/plugins/weightings/gramian/fixture_method.h"
#include "tests/plugins/weightings/matrix_step.h"

namespace tasuki {
namespace {

using testing::fixture_matrix;
using testing::is_gap;
using testing::number_text;
using testing::relative_difference;
using testing::to_tensor;
using testing::values_text;
using testing::weights_of;

struct LibraryCase {
  std::string options;
  double tolerance;
};

LibraryCase library_case(const nlohmann::json& entry, double n) {
  const auto method = entry["method"].get<std::string>();
  const auto& options = entry["options"];
  const bool gap = is_gap(entry);
  std::string text;
  if (options.contains("pref_vector")) {
    text = values_text("preference", options["pref_vector"], method == "ConFIG" ? 1 : n);
  }
  if (method == "UPGrad" || method == "DualProj") {
    text +=
        number_text("reg_eps", options["reg_eps"]) + number_text("norm_eps", options["norm_eps"]);
    return {text, options["reg_eps"] < 1e-6 ? 1e-7 : 1e-9};
  }
  if (method == "AlignedMTL") {
    std::string mode = options["scale_mode"];
    for (char& c : mode) c = char(std::toupper(c));
    return {text + "scale_mode: " + mode, gap ? 1e-3 : 1e-8};
  }
  if (method == "IMTLG") return {text, gap ? 1e-5 : 1e-9};
  if (method == "PCD") {
    for (const char* field : {"tau", "beta", "eps"}) text += number_text(field, options[field]);
    return {text, 1e-9};
  }
  if (method == "CAGrad") return {"rescale: 0 " + number_text("c", options["c"]), 1e-6};
  if (method == "FairGrad") return {number_text("alpha", options["alpha"]), 1e-6};
  return {text, method == "ConFIG" ? 1e-9 : 1e-6};  // NashMTL
}

// Whether the library has an answer of its own rule: not an exception, not NaN, not what rounding
// left, and not the zero that its CAGrad returns where the Gramian's trace is small.
bool is_comparable(const nlohmann::json& entry) {
  if (entry.contains("error") || !entry.value("finite", true) || entry.contains("zero_rule")) {
    return false;
  }
  const auto note = entry.value("note", std::string());
  return note.find("do not compare") == std::string::npos;
}

class TorchJDFixtures : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (!testing::has_fixtures()) GTEST_SKIP() << testing::kNoFixtures;
  }
};

// Where the library itself is off the exact answer, three times that is allowed: exact.json holds
// these. Where no exact answer exists, there is nothing to compare its loose solvers with.
TEST_P(TorchJDFixtures, AreMetAsFarAsTheLibraryIsExact) {
  const bool is_loose =
      GetParam() == "CAGrad" || GetParam() == "FairGrad" || GetParam() == "NashMTL";
  std::set<std::string> unsolvable;
  for (const auto& entry : testing::read_fixture("exact.json")["entries"]) {
    const bool bargains = GetParam() == "FairGrad" || GetParam() == "NashMTL";
    const bool same = entry["problem"] == (bargains ? "KwPower" : GetParam());
    if (same && entry.value("no_solution", false)) unsolvable.insert(entry["input"]);
  }
  int count = 0;
  for (const auto& entry : testing::read_fixture("torchjd_single.json")["entries"]) {
    if (entry["method"] != GetParam() || !is_comparable(entry)) continue;
    if (is_loose && unsolvable.count(entry["input"]) > 0) continue;
    const double off = entry.value("exact_rel_diff", 0.0);
    if (off > 0.1) continue;  // nothing of the method is left in it
    const auto rows = fixture_matrix(entry["input"]);
    const auto which = library_case(entry, double(rows.size(0)));
    const double tolerance =
        std::max({which.tolerance, 3 * off, 10 * entry.value("numpy_rel_diff", 0.0)});
    auto d = weights_of("tasuki/" + GetParam(), which.options, rows).matmul(rows);
    const double most = entry["options"].value("max_norm", 0.0), length = d.norm().item<double>();
    if (most > 0 && length > most) d *= most / length;
    EXPECT_LE(relative_difference(d, to_tensor(entry["combined"]), rows), tolerance)
        << testing::name(entry);
    ++count;
  }
  EXPECT_GT(count, 35);
}

INSTANTIATE_TEST_SUITE_P(Every, TorchJDFixtures,
                         ::testing::Values("UPGrad", "DualProj", "AlignedMTL", "ConFIG", "IMTLG",
                                           "PCD", "CAGrad", "FairGrad", "NashMTL"),
                         [](const auto& info) { return info.param; });

// Each draw as the numbers of the others that it names: GradVac's are places among them.
weightings::Orders orders_of(const nlohmann::json& draws, bool places, size_t n) {
  weightings::Orders orders(n);
  for (size_t i = 0; i < draws.size(); ++i) {
    for (const auto& value : draws[i][1]) {
      const auto k = value.get<size_t>();
      orders[i].push_back(places && k >= i ? k + 1 : k);
    }
  }
  return orders;
}

torch::Tensor direction_of(const solvers::Values& weights, const torch::Tensor& rows) {
  return torch::tensor(weights, torch::kFloat64).matmul(rows);
}

TEST(DrawnFixtures, OfPCGradAreMet) {
  if (!testing::has_fixtures()) GTEST_SKIP() << testing::kNoFixtures;
  int count = 0;
  for (const auto& entry : testing::read_fixture("torchjd_random.json")["entries"]) {
    if (entry["method"] != "PCGrad") continue;
    const auto rows = fixture_matrix(entry["input"]);
    const auto k = testing::gramian_of(rows);
    const auto d = direction_of(
        weightings::project_conflicts(k, orders_of(entry["draws"], false, k.size())), rows);
    const double tolerance = std::max(1e-10, 10 * entry.value("numpy_rel_diff", 0.0));
    EXPECT_LE(relative_difference(d, to_tensor(entry["combined"]), rows), tolerance)
        << testing::name(entry);
    ++count;
  }
  EXPECT_EQ(count, 43);
}

// Goals by pair, from and to the matrix of a fixture.
struct Goals {
  explicit Goals(size_t n) : values(n * n, 0.0), size(n) {}
  double& at(size_t i, size_t j) { return values[i * size + j]; }
  std::vector<double> values;
  size_t size;
};

TEST(DrawnFixtures, OfGradVacAreMet) {
  if (!testing::has_fixtures()) GTEST_SKIP() << testing::kNoFixtures;
  int count = 0;
  for (const auto& entry : testing::read_fixture("torchjd_random.json")["entries"]) {
    if (entry["method"] != "GradVac") continue;
    const auto rows = fixture_matrix(entry["input"]);
    const auto k = testing::gramian_of(rows);
    Goals goals(k.size());
    const auto weights = weightings::vaccinate(
        k, orders_of(entry["draws"], true, k.size()), entry["options"]["beta"],
        entry["options"]["eps"], [&](size_t i, size_t j) -> double& { return goals.at(i, j); });
    const double tolerance = std::max(1e-10, 10 * entry.value("numpy_rel_diff", 0.0));
    EXPECT_LE(relative_difference(direction_of(weights, rows), to_tensor(entry["combined"]), rows),
              tolerance)
        << testing::name(entry);
    ++count;
  }
  EXPECT_EQ(count, 43);
}

TEST(DrawnFixtures, OfGradVacAreMetCallAfterCall) {
  if (!testing::has_fixtures()) GTEST_SKIP() << testing::kNoFixtures;
  for (const auto& entry : testing::read_fixture("torchjd_sequences.json")["entries"]) {
    if (entry["method"] != "GradVac") continue;
    const auto sequence = testing::fixture_sequence(entry["sequence"]);
    Goals goals(size_t(sequence[0].size(0)));
    for (size_t call = 0; call < entry["calls"].size(); ++call) {
      const auto& expected = entry["calls"][call];
      const auto& rows = sequence[call];
      const auto k = testing::gramian_of(rows);
      const auto weights = weightings::vaccinate(
          k, orders_of(expected["draws"], true, k.size()), entry["options"]["beta"],
          entry["options"]["eps"], [&](size_t i, size_t j) -> double& { return goals.at(i, j); });
      EXPECT_LE(
          relative_difference(direction_of(weights, rows), to_tensor(expected["combined"]), rows),
          1e-10)
          << testing::name(entry) << " " << call;
      const auto after = to_tensor(expected["state_after"]["phi"]).flatten();
      EXPECT_LE((torch::tensor(goals.values, torch::kFloat64) - after).abs().max().item<double>(),
                1e-10);
    }
  }
}

// Whether a library's a solves K a = 1 / a at all: where its program had no end it returns another.
bool is_bargain(const torch::Tensor& rows, const torch::Tensor& a) {
  return (a * gram_matrix(rows).mv(a) - 1).abs().max().item<double>() < 1e-4;
}

TEST(SequenceFixtures, OfPCDAndNashMTLAreMet) {
  if (!testing::has_fixtures()) GTEST_SKIP() << testing::kNoFixtures;
  int count = 0;
  for (const auto& entry : testing::read_fixture("torchjd_sequences.json")["entries"]) {
    const auto method = entry["method"].get<std::string>();
    const auto& options = entry["options"];
    const bool keeps_weights = options.value("update_weights_every", 1) > 1;
    if ((method != "PCD" && method != "NashMTL") || keeps_weights) continue;
    std::string text;
    if (method == "PCD") {
      for (const char* field : {"tau", "beta", "eps"}) text += number_text(field, options[field]);
    }
    const auto sequence = testing::fixture_sequence(entry["sequence"]);
    const auto weighting = testing::make_gramian("tasuki/" + method, text, sequence[0].size(0));
    Draws draws(0);
    for (size_t call = 0; call < entry["calls"].size(); ++call) {
      const auto &expected = entry["calls"][call], &after = expected["state_after"];
      auto d = weighting->weigh(gram_matrix(sequence[call]), draws).matmul(sequence[call]);
      const double most = options.value("max_norm", 0.0), length = d.norm().item<double>();
      if (most > 0 && length > most) d *= most / length;
      if (method == "NashMTL" && !is_bargain(sequence[call], to_tensor(after["prvs_alpha"]))) {
        continue;
      }
      EXPECT_LE(relative_difference(d, to_tensor(expected["combined"]), sequence[call]),
                method == "PCD" ? 1e-9 : 1e-6)
          << testing::name(entry) << " " << call;
      ++count;
    }
  }
  EXPECT_GE(count, 52);  // of 54
}

// update_weights_every is gradients.every here.
TEST(SequenceFixtures, OfNashMTLWithKeptWeightsAreMet) {
  if (!testing::has_fixtures()) GTEST_SKIP() << testing::kNoFixtures;
  int count = 0;
  for (const auto& entry : testing::read_fixture("torchjd_sequences.json")["entries"]) {
    const auto every = entry["options"].value("update_weights_every", size_t{1});
    if (entry["method"] != "NashMTL" || every == 1) continue;
    ASSERT_EQ(entry["options"]["max_norm"], 0.0);
    const auto sequence = testing::fixture_sequence(entry["sequence"]);
    testing::MatrixStep step("tasuki/NashMTL", "gradients { every: " + std::to_string(every) + " }",
                             sequence[0].size(0), sequence[0].size(1));
    for (size_t call = 0; call < entry["calls"].size(); ++call) {
      const auto& expected = entry["calls"][call];
      step.take(sequence[call]);
      const auto& renewed_at = sequence[call - call % every];
      if (!is_bargain(renewed_at, to_tensor(expected["state_after"]["prvs_alpha"]))) continue;
      EXPECT_LE(
          relative_difference(step.direction(), to_tensor(expected["combined"]), sequence[call]),
          1e-6)
          << testing::name(entry) << " " << call;
      ++count;
    }
  }
  EXPECT_GE(count, 16);  // of 18
}

}  // namespace
}  // namespace tasuki
