#include <gtest/gtest.h>

#include <cmath>

#include "tests/plugins/weightings/gramian/fixture_method.h"

namespace tasuki {
namespace {

using testing::fixture_matrix;
using testing::is_gap;
using testing::number_text;
using testing::relative_difference;
using testing::to_tensor;
using testing::values_text;
using testing::weights_of;

// A registered name with the options that solve an entry of exact.json, and how near it has to
// come.
struct ExactCase {
  std::string method;
  std::string options;
  double tolerance;
};

std::string dual_cone_options(const nlohmann::json& options, size_t n) {
  std::string text;
  if (options.contains("reg_eps")) text += number_text("reg_eps", options["reg_eps"]);
  if (options.contains("norm_eps")) text += number_text("norm_eps", options["norm_eps"]);
  if (options.contains("pref_vector")) {
    text += values_text("preference", options["pref_vector"], double(n));
  }
  return text;
}

ExactCase exact_case(const nlohmann::json& entry, size_t n) {
  const auto problem = entry["problem"].get<std::string>();
  const auto& options = entry["options"];
  const bool gap = is_gap(entry);
  if (problem == "UPGrad" || problem == "DualProj") {
    return {problem, dual_cone_options(options, n), options.contains("reg_eps") ? 1e-9 : 1e-8};
  }
  if (problem == "CAGrad") return {problem, "rescale: 0 " + number_text("c", options["c"]), 1e-8};
  if (problem == "KwPower") {
    return {"FairGrad", number_text("alpha", options["alpha"].get<double>()), 1e-8};
  }
  if (problem == "PIVRG") return {problem, values_text("score", options["scores"]), 1e-8};
  if (problem == "AlignedMTL") {
    std::string mode = options["scale_mode"];
    for (char& c : mode) c = char(std::toupper(c));
    return {problem, "scale_mode: " + mode, gap ? 1e-3 : 1e-8};
  }
  if (problem == "PCD") {
    return {problem, number_text("tau", options["tau"]) + number_text("eps", options["eps"]), 1e-9};
  }
  if (problem == "NashMTL") return {problem, "", 1e-8};
  return {problem, "", problem == "IMTLG" && gap ? 1e-5 : 1e-9};  // MGDA, IMTLG, ConFIG
}

// As `gradients { max_norm }` does it.
torch::Tensor clip(const torch::Tensor& d, double most) {
  const double length = d.norm().item<double>();
  return most > 0 && length > most ? d * (most / length) : d;
}

// Every entry of a problem.
class ExactFixtures : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (!testing::has_fixtures()) GTEST_SKIP() << testing::kNoFixtures;
  }
  static std::vector<nlohmann::json> entries(bool solvable) {
    std::vector<nlohmann::json> all;
    for (const auto& entry : testing::read_fixture("exact.json")["entries"]) {
      if (entry["problem"] == GetParam() && !entry.value("no_solution", false) == solvable) {
        all.push_back(entry);
      }
    }
    return all;
  }
};

TEST_P(ExactFixtures, AreMet) {
  const auto all = entries(true);
  EXPECT_GT(all.size(), 30u);
  for (const auto& entry : all) {
    const auto rows = fixture_matrix(entry["input"]);
    const auto which = exact_case(entry, size_t(rows.size(0)));
    const auto weights = weights_of("tasuki/" + which.method, which.options, rows);
    const double most = entry["options"].value("max_norm", 0.0);
    const auto d = clip(weights.matmul(rows), most);
    const double difference = relative_difference(d, to_tensor(entry["combined"]), rows);
    EXPECT_LE(difference, which.tolerance) << testing::name(entry);
    if (entry.value("weights_unique", false)) {
      EXPECT_LE((weights - to_tensor(entry["weights"])).norm().item<double>(), which.tolerance)
          << testing::name(entry);
    }
  }
}

// What the headers say is returned there.
TEST_P(ExactFixtures, WithoutASolutionAreFinite) {
  for (const auto& entry : entries(false)) {
    const auto rows = fixture_matrix(entry["input"]);
    const auto which = exact_case(entry, size_t(rows.size(0)));
    const auto weights = weights_of("tasuki/" + which.method, which.options, rows);
    ASSERT_TRUE(weights.isfinite().all().item<bool>()) << testing::name(entry);
    const bool has_zero_row = (rows.norm(2, 1) == 0).any().item<bool>();
    const bool bargains =
        GetParam() == "KwPower" || GetParam() == "NashMTL" || GetParam() == "PIVRG";
    if (bargains && !has_zero_row) {
      EXPECT_LT(weights.matmul(rows).norm().item<double>(), 1e-13 * rows.norm().item<double>())
          << testing::name(entry);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Every, ExactFixtures,
                         ::testing::Values("MGDA", "UPGrad", "DualProj", "NashMTL", "KwPower",
                                           "PIVRG", "IMTLG", "AlignedMTL", "ConFIG", "CAGrad",
                                           "PCD"),
                         [](const auto& info) { return info.param; });

TEST(ExactFixtures, NameEveryProblem) {
  if (!testing::has_fixtures()) GTEST_SKIP() << testing::kNoFixtures;
  std::set<std::string> problems;
  for (const auto& entry : testing::read_fixture("exact.json")["entries"]) {
    problems.insert(entry["problem"].get<std::string>());
  }
  EXPECT_EQ(problems,
            (std::set<std::string>{"MGDA", "UPGrad", "DualProj", "NashMTL", "KwPower", "PIVRG",
                                   "IMTLG", "AlignedMTL", "ConFIG", "CAGrad", "PCD"}));
}

TEST(ExactFixtures, IMGradIsMetAsWell) {
  if (!testing::has_fixtures()) GTEST_SKIP() << testing::kNoFixtures;
  int count = 0;
  for (const auto& entry : testing::read_fixture("other_methods.json")["entries"]) {
    if (entry["method"] != "IMGrad") continue;
    ++count;
    const auto& options = entry["options"];
    const auto rows = fixture_matrix(entry["input"]);
    const auto weights = weights_of("tasuki/IMGrad",
                                    number_text("alpha", options["alpha"]) +
                                        "rescale: " + std::to_string(options["rescale"].get<int>()),
                                    rows);
    EXPECT_LE(relative_difference(weights.matmul(rows), to_tensor(entry["combined"]), rows), 1e-8)
        << testing::name(entry);
  }
  EXPECT_EQ(count, 18);
}

}  // namespace
}  // namespace tasuki
