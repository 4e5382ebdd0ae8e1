#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/plugins/weightings/bilevel/quadratic_step.h"
#include "tests/plugins/weightings/fixtures.h"
#include "tests/plugins/weightings/linear_step.h"

namespace tasuki {
namespace {

using testing::QuadraticProblem;
using testing::three_tasks;
using testing::to_tensor;

// Ten steps in three epochs against tests/peers/bilevel_methods.py, which takes the inner steps
// with torch.optim.SGD and solves the quadratic problem by trying all sets of positive weights.
TEST(FORUM, IsThatOfTheSecondImplementation) {
  std::ifstream stream(std::string(TASUKI_TEST_DATA) + "/weightings/forum.json");
  const auto json = nlohmann::json::parse(stream);
  QuadraticProblem problem(three_tasks());
  problem.train_forms = to_tensor(json.at("train_forms"));
  problem.train_centers = to_tensor(json.at("train_centers"));
  problem.further_forms = to_tensor(json.at("further_forms"));
  problem.further_centers = to_tensor(json.at("further_centers"));
  const torch::NoGradGuard no_grad;
  auto values = problem.parameters().values().variable_data();
  values.copy_(problem.flat(to_tensor(json.at("start"))));

  const auto weighting = testing::make<Weighting>(
      "tasuki/FORUM", "lr: 0.01 inner_lr: 0.1 inner_steps: 3 phi: 0.6", problem.context());
  ASSERT_EQ(json.at("calls").size(), 10u);
  int64_t done = 0;
  for (const auto& call : json.at("calls")) {
    torch::Tensor gradient;
    {
      const torch::AutoGradMode with_graph(true);
      auto step = problem.step();
      step.epoch = done++ / json.at("steps_an_epoch").get<int64_t>();
      testing::take_step(*weighting, step);
      gradient = problem.packed(problem.parameters().gradient());
    }
    const auto state = weighting->state();
    EXPECT_TRUE(state.at("shares").allclose(to_tensor(call.at("shares")), 1e-9, 1e-9));
    EXPECT_TRUE(state.at("weights").allclose(to_tensor(call.at("alpha")), 1e-9, 1e-9));
    EXPECT_TRUE(gradient.allclose(to_tensor(call.at("gradient")), 1e-9, 1e-9));
    values.sub_(problem.parameters().gradient(), json.at("lr").get<double>());
  }
}

// Steps on the training batch with all losses, on the way to theta*; parameters are put back.
TEST(FORUM, TakesItsInnerStepsOnTheTrainingBatch) {
  torch::manual_seed(6);
  QuadraticProblem problem(three_tasks());
  const auto before = problem.x().detach().clone();
  const auto weighting =
      testing::make<Weighting>("tasuki/FORUM", "inner_lr: 0.2 inner_steps: 2", problem.context());
  auto step = problem.step();
  auto inner = before.clone();
  for (int i = 0; i < 2; ++i) {
    const auto at = inner.detach().requires_grad_();
    auto mean = torch::zeros({}, torch::kFloat64);
    for (int64_t task = 0; task < 3; ++task) mean = mean + problem.training_loss(task, at) / 3;
    inner = at.detach() - 0.2 * torch::autograd::grad({mean}, {at})[0];
  }
  testing::take_step(*weighting, step);
  ASSERT_EQ(problem.asked.size(), 3u);
  EXPECT_EQ(problem.asked[1].what, "train");
  EXPECT_TRUE(problem.asked[1].x.allclose(inner, 1e-12, 1e-12));
  EXPECT_EQ(problem.asked[2].what, "further");
  EXPECT_TRUE(problem.asked[2].x.equal(before));
  EXPECT_TRUE(problem.x().equal(before));
}

// With the constraint off (phi 0, the further batch the step's own) the weights are those of the
// shortest vector between unit gradients, and all move by the same first-order amount.
TEST(FORUM, WithoutAConstraintIsTheShortestVectorOfUnitGradients) {
  torch::manual_seed(7);
  QuadraticProblem problem(three_tasks());
  problem.further_forms = problem.train_forms;
  problem.further_centers = problem.train_centers;
  const auto weighting =
      testing::make<Weighting>("tasuki/FORUM", "phi: 0 scale: MEAN", problem.context());
  auto step = problem.step();
  const auto rows = problem.training_gradients(step.index);
  testing::take_step(*weighting, step);
  const auto units = rows / rows.norm(2, {1}, true);
  const auto direction = problem.packed(problem.parameters().gradient());
  const auto gains = units.mv(direction);
  // A unit gradient takes part where its gain is the least one.
  const auto shares = weighting->state().at("shares");
  EXPECT_NEAR(shares.sum().item<double>(), 1, 1e-12);
  for (int64_t i = 0; i < 3; ++i) {
    EXPECT_GE(gains[i].item<double>(), gains.min().item<double>());
    if (shares[i].item<double>() > 0) {
      EXPECT_NEAR(gains[i].item<double>(), direction.dot(direction).item<double>(), 1e-9);
    }
  }
  EXPECT_TRUE(shares.matmul(units).allclose(direction, 1e-9, 1e-12));
}

// An inner learning rate that leads nowhere: theta* is the last one with a loss that still says
// something.
TEST(FORUM, AnInnerStepThatDivergesIsNotTaken) {
  torch::manual_seed(8);
  QuadraticProblem problem(three_tasks());
  const auto weighting =
      testing::make<Weighting>("tasuki/FORUM", "inner_lr: 1e6 inner_steps: 4", problem.context());
  auto step = problem.step();
  testing::take_step(*weighting, step);
  ASSERT_EQ(problem.asked.size(), 2u);
  EXPECT_EQ(problem.asked[0].what, "train");
  EXPECT_EQ(problem.asked[1].what, "further");
  EXPECT_TRUE(problem.parameters().gradient().isfinite().all().item<bool>());
}

TEST(FORUM, LossesThatAreNotFiniteStopTheRun) {
  QuadraticProblem problem(three_tasks());
  problem.poisoned = "further";
  const auto weighting = testing::make<Weighting>("tasuki/FORUM", "", problem.context());
  auto step = problem.step();
  try {
    weighting->backward(step);
    ADD_FAILURE() << "went on";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kRun);
  }
  EXPECT_EQ(weighting->state().at("updates").sum().item<int64_t>(), 0);
}

}  // namespace
}  // namespace tasuki
