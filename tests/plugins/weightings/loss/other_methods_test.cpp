#include <gtest/gtest.h>

#include <map>

#include "tests/plugins/weightings/loss/fixtures.h"
#include "tests/plugins/weightings/loss/loss_run.h"

namespace tasuki {
namespace {

using nlohmann::json;
using testing::is_near;
using testing::LossRun;
using testing::times;
using testing::Values;

class OtherMethods : public ::testing::Test {
 protected:
  void SetUp() override {
    fixture_ = testing::shared_fixture("other_methods.json");
    if (fixture_.is_null()) GTEST_SKIP() << "TASUKI_DATA has no folder weightings";
  }
  std::vector<json> entries(const std::string& method) const {
    std::vector<json> found;
    for (const auto& entry : fixture_.at("entries")) {
      if (entry.at("method") == method) found.push_back(entry);
    }
    EXPECT_FALSE(found.empty());
    return found;
  }

  json fixture_;
};

TEST_F(OtherMethods, GO4AlignWithOneGroup) {
  for (const auto& entry : entries("GO4Align")) {
    const auto beta = entry.at("options").at("robust_step_size").dump();
    LossRun run("tasuki/GO4Align", "groups: 1 step_size: " + beta, entry.at("T"));
    for (const auto& call : entry.at("calls")) {
      EXPECT_THAT(run.kept("share"), is_near(call.at("state_before").at("p")));
      EXPECT_THAT(run.step(call.at("losses")), is_near(call.at("weights_one_group")));
      EXPECT_THAT(run.kept("share"), is_near(call.at("state_after").at("p")));
    }
    // A group for each: what is grouped.
    LossRun each("tasuki/GO4Align", "groups: 9 step_size: " + beta, entry.at("T"));
    for (const auto& call : entry.at("calls")) {
      EXPECT_THAT(each.step(call.at("losses")), is_near(call.at("task_indicator")));
    }
  }
}

// Its base losses are those of the second call.
TEST_F(OtherMethods, IGBv1) {
  for (const auto& entry : entries("IGBv1")) {
    LossRun run("tasuki/IGBv1", "", entry.at("T"));
    int64_t epoch = 0;
    for (const auto& call : entry.at("calls")) {
      EXPECT_EQ(call.at("base_losses").is_null(), epoch < 2);
      EXPECT_THAT(run.step(call.at("losses"), std::min<int64_t>(epoch, 2)),
                  is_near(call.at("dvalue_dlosses")));
      ++epoch;
    }
  }
}

Values minus(Values a, const Values& b) {
  for (size_t i = 0; i < a.size(); ++i) a[i] -= b[i];
  return a;
}

// tau = sigmoid(theta); the step that SGD makes shows the derivative by theta.
void expect_losses_form(const json& call, size_t tasks) {
  const auto tau = call.at("router_weights").get<Values>();
  LossRun run("tasuki/LDCMTL", "lambda: " + call.at("lambda").dump(), tasks);
  Values theta, slope = call.at("dvalue_drouter").get<Values>();
  for (size_t i = 0; i < tasks; ++i) {
    theta.push_back(std::log(tau[i] / (1 - tau[i])));
    slope[i] *= tau[i] * (1 - tau[i]);
  }
  run.keep("router", theta);
  EXPECT_THAT(run.step(call.at("losses")), is_near(call.at("dvalue_dlosses")));
  EXPECT_THAT(minus(theta, run.kept("router")), is_near(times(slope, 0.1), 1e-9));
}

// Without features the router is its additive numbers, the logits. Values of tau at its bounds
// stand for any probabilities beyond; the others are what is left.
void expect_router_form(const json& call, size_t tasks) {
  const auto tau = call.at("router_weights").get<Values>();
  double left = 1, bounded = 0;
  for (const double value : tau) (value == 0.2 ? bounded : left) += value == 0.2 ? 1 : -value;
  std::map<std::string, torch::Tensor> state;
  state["router.channels"] = torch::full({int64_t(tasks)}, 34, torch::kInt64);
  Values shares;
  for (size_t i = 0; i < tasks; ++i) {
    shares.push_back(tau[i] == 0.2 ? left / bounded : tau[i]);
    auto row = torch::zeros({int64_t(tasks) * 34 + 1}, torch::kFloat64);
    row[-1] = std::log(shares[i]);
    const auto name = "t" + std::to_string(i);
    state[name + ".router"] = row;
    state[name + ".first_loss"] =
        torch::full({1}, call.at("initial_losses")[i].get<double>(), torch::kFloat64);
  }
  LossRun run("tasuki/LDCMTLRouter", "lambda: " + call.at("lambda").dump(), tasks);
  run.weighting->load_state(state);
  EXPECT_THAT(run.step(call.at("losses")), is_near(call.at("dvalue_dlosses")));
  // Through the bounds and the softmax to the logits.
  auto slope = torch::tensor(call.at("dvalue_drouter").get<Values>(), torch::kFloat64);
  const auto p = torch::tensor(shares, torch::kFloat64);
  slope = torch::where((p > 0.2).logical_and(p < 0.8), slope, torch::zeros_like(slope));
  const auto expected = 0.1 * p * (slope - p.dot(slope));
  Values moved;
  for (size_t i = 0; i < tasks; ++i) {
    const auto row = run.weighting->state().at("t" + std::to_string(i) + ".router");
    moved.push_back(std::log(shares[i]) - row[-1].item<double>());
  }
  EXPECT_THAT(moved, ::testing::Pointwise(::testing::DoubleNear(1e-12), to_vector(expected)));
}

// The other two forms of the fixture, of Cityscapes and QM9, are not here.
TEST_F(OtherMethods, LDCMTLInTwoForms) {
  int losses = 0, router = 0;
  for (const auto& entry : entries("LDC-MTL")) {
    const auto tasks = entry.at("T").get<size_t>();
    for (const auto& call : entry.at("calls")) {
      SCOPED_TRACE(call.at("form").dump() + " " + std::to_string(tasks));
      if (call.at("form") == "celeba") {
        expect_losses_form(call, tasks);
        ++losses;
      } else if (call.at("form") == "nyuv2") {
        expect_router_form(call, tasks);
        ++router;
      }
    }
  }
  EXPECT_GE(losses, 3);
  EXPECT_GE(router, 3);
}

// tests/peers/loss_methods.py
TEST(Peers, LossMethods) {
  const auto fixture = testing::own_fixture("loss_methods.json");
  const auto steps_per_epoch = fixture.at("steps_per_epoch").get<int64_t>();
  int methods = 0;
  for (const auto& entry : fixture.at("entries")) {
    SCOPED_TRACE(entry.at("method").dump() + " " + entry.at("options").dump());
    ++methods;
    const auto losses = entry.at("losses").get<std::vector<Values>>();
    LossRun run("tasuki/" + entry.at("method").get<std::string>(), entry.at("options"),
                losses[0].size());
    for (size_t i = 0; i < losses.size(); ++i) {
      EXPECT_THAT(run.step(losses[i], int64_t(i) / steps_per_epoch),
                  is_near(entry.at("weights")[i], 1e-9));
    }
  }
  EXPECT_EQ(methods, 15);
}

}  // namespace
}  // namespace tasuki
