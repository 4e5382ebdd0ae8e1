// Methods of gradient rows against the reference answers of LibMTL and TorchJD.
#include <gtest/gtest.h>

#include "plugins/weightings/rows/sign_dropout.h"
#include "tests/plugins/weightings/fixtures.h"
#include "tests/plugins/weightings/matrix_method.h"
#include "tests/plugins/weightings/matrix_step.h"

namespace tasuki {
namespace {

using testing::fixture_matrix;
using testing::fixture_sequence;
using testing::MatrixStep;
using testing::read_fixture;
using testing::relative_difference;
using testing::to_tensor;

// Entries of a file by their method.
std::vector<nlohmann::json> entries(const std::string& file, const std::string& method) {
  std::vector<nlohmann::json> found;
  for (const auto& entry : read_fixture(file).at("entries")) {
    if (entry.at("method") == method) found.push_back(entry);
  }
  EXPECT_FALSE(found.empty()) << file << " " << method;
  return found;
}

std::string number(const nlohmann::json& json) {
  return json.dump();
}

// The options of LibMTL's runs and TorchJD's as ours.
std::string excess_options(const nlohmann::json& options) {
  auto text = "step_size: " + number(options.at("robust_step_size"));
  if (!options.contains("n_warmup_steps")) return text;
  return text + " eps: 1e-7 first: LEARN warmup_steps: " + number(options.at("n_warmup_steps")) +
         " gradients { scale: MEAN }";
}
std::string moco_options(const nlohmann::json& options) {
  std::string text = "gradients { scale: MEAN }";
  for (const std::string key : {"beta", "beta_sigma", "gamma", "gamma_sigma", "rho"}) {
    text += " " + key + ": " + number(options.at("MoCo_" + key));
  }
  return text;
}
std::string db_options(const nlohmann::json& options) {
  return "beta: " + number(options.at("DB_beta")) +
         " beta_sigma: " + number(options.at("DB_beta_sigma"));
}
std::string modo_options(const nlohmann::json& options) {
  const std::string prefix = options.contains("gamma") ? "" : "MoDo_";
  return "scale: MEAN gamma: " + number(options.at(prefix + "gamma")) +
         " rho: " + number(options.at(prefix + "rho"));
}
std::string sdmgrad_options(const nlohmann::json& options) {
  if (options.contains("SDMGrad_lamda")) {
    return "scale: MEAN lambda: " + number(options.at("SDMGrad_lamda")) +
           " iterations: " + number(options.at("SDMGrad_niter"));
  }
  std::string text = "scale: MEAN lr: " + number(options.at("lr")) +
                     " momentum: " + number(options.at("momentum")) +
                     " iterations: " + number(options.at("n_iter")) +
                     " lambda: " + number(options.at("lambda"));
  if (!options.contains("pref_vector")) return text;
  return text + " preference: " + options.at("pref_vector").dump();
}

using OptionsText = std::string (*)(const nlohmann::json&);

// All calls of LibMTL's runs: the same matrix and losses again and again. T1 is left out where the
// method is not asked about one objective.
// `added` to the losses is what the method's formula adds there.
void compare_with_libmtl(const std::string& method, const std::string& name, OptionsText options,
                         double tolerance, bool compare_decoders = true, double added = 0) {
  for (const auto& entry : entries("libmtl.json", method)) {
    const auto rows = to_tensor(read_fixture("libmtl.json").at("matrices").at(entry.at("input")));
    if (rows.size(0) == 1) continue;
    const auto losses = to_tensor(entry.at("losses")) + added;
    MatrixStep step(name, options(entry.at("options")), rows.size(0), rows.size(1));
    for (const auto& call : entry.at("calls")) {
      step.take(rows, losses, {rows, rows});
      EXPECT_LT(relative_difference(step.direction(), to_tensor(call.at("shared_grad")), rows),
                tolerance)
          << testing::name(entry);
      if (!compare_decoders) continue;
      const auto expected = to_tensor(call.at("decoder_grad"));
      EXPECT_TRUE(step.decoders().allclose(expected, tolerance, tolerance)) << testing::name(entry);
    }
  }
}

class RowFixtures : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!testing::has_fixtures()) GTEST_SKIP() << testing::kNoFixtures;
  }
};

// LibMTL takes the logarithms of L + 1e-8.
TEST_F(RowFixtures, DBMTLOfLibMTL) {
  compare_with_libmtl("DB_MTL", "tasuki/DBMTL", db_options, 1e-10, true, 1e-8);
}

TEST_F(RowFixtures, MoCoOfLibMTL) {
  compare_with_libmtl("MoCo", "tasuki/MoCo", moco_options, 1e-10);
}

TEST_F(RowFixtures, ExcessMTLOfLibMTL) {
  compare_with_libmtl("ExcessMTL", "tasuki/ExcessMTL", excess_options, 1e-10);
}

TEST_F(RowFixtures, MoDoOfLibMTL) {
  compare_with_libmtl("MoDo", "tasuki/MoDo", modo_options, 1e-10);
}

// Its decoders get three batches there, of which ours have one. A copy of LibMTL's rule differs
// from it by 8e-10 already; the bound is ten times that, as for other sensitive entries.
TEST_F(RowFixtures, SDMGradOfLibMTL) {
  compare_with_libmtl("SDMGrad", "tasuki/SDMGrad", sdmgrad_options, 8e-9, false);
}

TEST_F(RowFixtures, TrimmedMeanOfTorchJD) {
  for (const auto& entry : entries("torchjd_single.json", "TrimmedMean")) {
    const auto rows = fixture_matrix(entry.at("input"));
    const auto trim = number(entry.at("options").at("trim_number"));
    const auto options = "trim: " + trim + " gradients { scale: MEAN }";
    const auto combined = testing::direction("tasuki/TrimmedMean", options, rows);
    // TorchJD raises an error for fewer than 3 rows, of which nothing can be trimmed.
    const auto expected = entry.contains("error") ? rows.mean(0) : to_tensor(entry["combined"]);
    EXPECT_EQ(entry.contains("error"), rows.size(0) < 3);
    EXPECT_LT(relative_difference(combined, expected, rows), 1e-10) << testing::name(entry);
  }
}

TEST_F(RowFixtures, FirstCallOfExcessMTLOfTorchJD) {
  for (const auto& entry : entries("torchjd_single.json", "ExcessMTL")) {
    const auto rows = fixture_matrix(entry.at("input"));
    if (rows.size(0) == 1) continue;
    MatrixStep step("tasuki/ExcessMTL", excess_options(entry.at("options")), rows.size(0),
                    rows.size(1));
    step.take(rows);
    EXPECT_LT(relative_difference(step.direction(), to_tensor(entry.at("combined")), rows), 1e-10)
        << testing::name(entry);
    const auto weights = to_tensor(entry.at("weights"));
    EXPECT_TRUE(step.decoders().allclose(weights, 1e-10, 1e-10)) << testing::name(entry);
  }
}

TEST_F(RowFixtures, SequencesOfExcessMTLOfTorchJD) {
  for (const auto& entry : entries("torchjd_sequences.json", "ExcessMTL")) {
    const auto matrices = fixture_sequence(entry.at("sequence"));
    MatrixStep step("tasuki/ExcessMTL", excess_options(entry.at("options")), matrices[0].size(0),
                    matrices[0].size(1));
    for (size_t k = 0; k < matrices.size(); ++k) {
      const auto& call = entry.at("calls").at(k);
      step.take(matrices[k]);
      EXPECT_LT(relative_difference(step.direction(), to_tensor(call.at("combined")), matrices[k]),
                1e-10)
          << testing::name(entry) << " " << k;
      const auto& after = call.at("state_after");
      EXPECT_TRUE(step.kept("squares").allclose(to_tensor(after.at("sq_grad_sum")), 1e-12, 0));
      EXPECT_TRUE(step.kept("log_weight").exp().allclose(to_tensor(after.at("weights")), 1e-10));
    }
  }
}

TEST_F(RowFixtures, GradDropOfTorchJD) {
  for (const auto& entry : entries("torchjd_random.json", "GradDrop")) {
    const auto rows = fixture_matrix(entry.at("input"));
    const auto uniform = to_tensor(entry.at("draws").at(0).at(1));
    const auto& options = entry.at("options");
    const auto leaks = options.contains("leak") ? to_tensor(options["leak"]) : torch::Tensor();
    const auto combined =
        weightings::drop_signs(rows, weightings::draw_signs(rows, uniform), leaks);
    EXPECT_LT(relative_difference(combined, to_tensor(entry.at("combined")), rows), 1e-10)
        << testing::name(entry);
  }
}

void compare_sequences(const std::string& method, const std::string& name, OptionsText options,
                       double tolerance) {
  for (const auto& entry : entries("torchjd_sequences.json", method)) {
    const auto matrices = fixture_sequence(entry.at("sequence"));
    MatrixStep step(name, options(entry.at("options")), matrices[0].size(0), matrices[0].size(1));
    for (const auto& call : entry.at("calls")) {
      std::vector<torch::Tensor> batches;
      for (const auto& index : call.at("batches")) batches.push_back(matrices.at(index));
      step.take(batches[0], torch::ones({batches[0].size(0)}), {batches[1], batches[2]});
      EXPECT_LT(relative_difference(step.direction(), to_tensor(call.at("combined")), batches[2]),
                tolerance)
          << testing::name(entry);
      EXPECT_TRUE(step.kept("weight").allclose(to_tensor(call.at("state_after").at("w")), tolerance,
                                               tolerance))
          << testing::name(entry);
    }
  }
}

TEST_F(RowFixtures, SequencesOfMoDoOfTorchJD) {
  compare_sequences("MoDo", "tasuki/MoDo", modo_options, 1e-10);
}

TEST_F(RowFixtures, SequencesOfSDMGradOfTorchJD) {
  compare_sequences("SDMGrad", "tasuki/SDMGrad", sdmgrad_options, 1e-9);
}

// The running gradients, and the direction that FairGrad's weights give: K w = w^(-1/2) of their
// Gramian.
TEST_F(RowFixtures, VarGradOfItsAuthors) {
  for (const auto& entry : entries("other_methods.json", "VarGrad")) {
    const auto matrices = fixture_sequence(entry.at("sequence"));
    const auto options = "gamma: " + number(entry.at("options").at("gamma")) +
                         " beta: " + number(entry.at("options").at("beta")) +
                         " gradients { scale: MEAN }";
    MatrixStep step("tasuki/VarGrad", options, matrices[0].size(0), matrices[0].size(1));
    for (size_t k = 0; k < matrices.size(); ++k) {
      step.take(matrices[k]);
      const auto expected = to_tensor(entry.at("calls").at(k).at("rows_out"));
      const auto running = step.kept("momentum");
      EXPECT_LT(((running - expected).norm() / expected.norm()).item<double>(), 1e-10)
          << testing::name(entry) << " " << k;
      // K w = M d, so that w is (M d)^-2 and d = M' w.
      const auto products = running.mv(step.direction());
      ASSERT_GT(products.min().item<double>(), 0);
      const auto direction = products.pow(-2).matmul(running);
      EXPECT_LT(relative_difference(step.direction(), direction, running), 1e-8)
          << testing::name(entry) << " " << k;
    }
  }
}

}  // namespace
}  // namespace tasuki
