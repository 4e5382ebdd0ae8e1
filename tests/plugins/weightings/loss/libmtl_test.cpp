#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tests/plugins/weightings/loss/fixtures.h"
#include "tests/plugins/weightings/loss/loss_run.h"

namespace tasuki {
namespace {

using nlohmann::json;
using testing::is_near;
using testing::LossRun;
using testing::times;
using testing::Values;

// The fixture's rows as the shared gradients, in the first columns.
void set_rows(LossRun& run, const json& rows) {
  auto shared = torch::zeros_like(run.problem.shared(run.problem.rows()));
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto row = torch::tensor(rows[i].get<Values>(), torch::kFloat64);
    shared[int64_t(i)].narrow(0, 0, row.size(0)).copy_(row);
  }
  run.problem.set_shared(shared);
}

Values shared_gradient(const LossRun& run, const json& rows) {
  const auto shared = run.problem.shared(run.problem.gradient());
  return to_vector(shared.narrow(0, 0, int64_t(rows[0].size())));
}

// The epochs before the one that the fixture was made in.
int64_t lead_up(LossRun& run, const std::string& method, const Values& losses) {
  if (method == "STCH") {
    run.step(times(losses, 1.2), 4);
    return 5;
  }
  if (method != "DWA" && method != "GradNorm") return 0;
  run.step(times(losses, 1.3), 0);
  if (method == "DWA") run.step(times(losses, 1.1), 1);
  return 2;
}

class LibMTL : public ::testing::Test {
 protected:
  void SetUp() override {
    fixture_ = testing::shared_fixture("libmtl.json");
    if (fixture_.is_null()) GTEST_SKIP() << "TASUKI_DATA has no folder weightings";
  }
  // Every entry of a method with what it is here; returns how many there are.
  int expect(const std::string& method, const std::string& ours, const std::string& options = "",
             const std::string& kept = "", const std::string& state = "") {
    int count = 0;
    for (const auto& entry : fixture_.at("entries")) {
      if (entry.at("method") != method) continue;
      SCOPED_TRACE(method + " " + entry.at("input").dump());
      ++count;
      const auto losses = entry.at("losses").get<Values>();
      const auto& rows = fixture_.at("matrices").at(entry.at("input").get<std::string>());
      LossRun run("tasuki/" + ours, options, losses.size());
      set_rows(run, rows);
      const int64_t epoch = lead_up(run, method, losses);
      for (const auto& call : entry.at("calls")) {
        if (method == "FAMO") run.keep("logit", call.at("state").at("w"));
        EXPECT_THAT(run.step(losses, epoch), is_near(call.at("decoder_grad")));
        EXPECT_THAT(shared_gradient(run, rows), is_near(call.at("shared_grad")));
        if (method == "GradNorm") run.update(losses);
        if (kept.empty()) continue;
        EXPECT_THAT(run.kept(kept), is_near(call.at("state").at(state)));
      }
    }
    return count;
  }

  json fixture_;
};

constexpr int kInputs = 7;
const std::string kAfter = "loss_scale_after_sgd_lr0.1";

TEST_F(LibMTL, EqualWeights) {
  EXPECT_EQ(expect("EW", "EW"), kInputs);
}
TEST_F(LibMTL, GeometricLossStrategy) {
  EXPECT_EQ(expect("GLS", "GLS"), kInputs);
}
TEST_F(LibMTL, UncertaintyWeighting) {
  EXPECT_EQ(expect("UW", "UW", "", "log_variance", kAfter), kInputs);
}
TEST_F(LibMTL, DynamicWeightAverage) {
  EXPECT_EQ(expect("DWA", "DWA"), kInputs);
}
TEST_F(LibMTL, SmoothTchebycheff) {
  EXPECT_EQ(expect("STCH", "STCH"), kInputs);
}
// Their logits after a step follow from losses that are those before it, in single precision.
TEST_F(LibMTL, FastAdaptiveOptimization) {
  EXPECT_EQ(expect("FAMO", "FAMO"), kInputs);
}
TEST_F(LibMTL, GradientNormalisation) {
  EXPECT_EQ(expect("GradNorm", "GradNorm", "gradients { decoders: PLAIN }", "scale", kAfter),
            kInputs);
}

// Only the softmax can be compared: their draws are others.
TEST_F(LibMTL, RandomLossWeighting) {
  int count = 0;
  for (const auto& entry : fixture_.at("entries")) {
    if (entry.at("method") != "RLW") continue;
    ++count;
    const auto& call = entry.at("calls")[0];
    const auto draws = torch::tensor(call.at("draws")[0][1].get<Values>(), torch::kFloat64);
    EXPECT_THAT(to_vector(torch::softmax(draws, 0)), is_near(call.at("decoder_grad")));
  }
  EXPECT_EQ(count, kInputs);
}

// Their IMTL has IMTL-L as its first half; what trains its scales is the same.
TEST_F(LibMTL, ImpartialLossBalance) {
  int count = 0;
  for (const auto& entry : fixture_.at("entries")) {
    // Their gradient balance fails where rows depend on each other.
    if (entry.at("method") != "IMTL" || entry.contains("error")) continue;
    ++count;
    const auto losses = entry.at("losses").get<Values>();
    LossRun run("tasuki/IMTL_L", "", losses.size());
    run.step(losses);
    EXPECT_THAT(run.kept("log_scale"), is_near(entry.at("calls")[0].at("state").at(kAfter)));
  }
  EXPECT_GT(count, 0);
}

}  // namespace
}  // namespace tasuki
