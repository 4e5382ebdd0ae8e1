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

// Ten steps against tests/peers/bilevel_methods.py, which differentiates through the inner step and
// finds the shortest vector by trying all faces of the hull.
TEST(MOML, IsThatOfTheSecondImplementation) {
  std::ifstream stream(std::string(TASUKI_TEST_DATA) + "/weightings/moml.json");
  const auto json = nlohmann::json::parse(stream);
  QuadraticProblem problem(three_tasks());
  problem.train_forms = to_tensor(json.at("train_forms"));
  problem.train_centers = to_tensor(json.at("train_centers"));
  problem.validation_forms = to_tensor(json.at("validation_forms"));
  problem.validation_centers = to_tensor(json.at("validation_centers"));
  const torch::NoGradGuard no_grad;
  auto values = problem.parameters().values().variable_data();
  values.copy_(problem.flat(to_tensor(json.at("start"))));

  const auto weighting =
      testing::make<Weighting>("tasuki/MOML", "lr: 0.01 inner_lr: 0.1", problem.context());
  ASSERT_EQ(json.at("calls").size(), 10u);
  for (const auto& call : json.at("calls")) {
    torch::Tensor gradient, applied;
    {
      const torch::AutoGradMode with_graph(true);
      auto step = problem.step();
      testing::take_step(*weighting, step);
      gradient = problem.packed(problem.parameters().gradient());
      applied = step.applied;
    }
    EXPECT_TRUE(weighting->state().at("weights").allclose(to_tensor(call.at("alpha")), 1e-9, 1e-9));
    EXPECT_TRUE(applied.allclose(to_tensor(call.at("weights")), 1e-9, 0));
    EXPECT_TRUE(gradient.allclose(to_tensor(call.at("gradient")), 1e-9, 1e-9));
    values.sub_(problem.parameters().gradient(), json.at("lr").get<double>());
  }
}

TEST(MOML, WeightsOfAMeanAreShorter) {
  torch::manual_seed(2);
  QuadraticProblem problem(three_tasks());
  const auto take = [&](const std::string& options) {
    const auto weighting = testing::make<Weighting>("tasuki/MOML", options, problem.context());
    auto step = problem.step();
    testing::take_step(*weighting, step);
    return step.applied;
  };
  const auto sum = take(""), mean = take("scale: MEAN");
  EXPECT_NEAR(mean.sum().item<double>(), 1, 1e-12);
  EXPECT_TRUE(sum.allclose(3 * mean, 1e-12));
}

// theta' is tried out in the parameters, which are put back.
TEST(MOML, LooksAtTheValidationLossesAfterTheInnerStep) {
  torch::manual_seed(3);
  QuadraticProblem problem(three_tasks());
  const auto before = problem.x().detach().clone();
  const auto weighting =
      testing::make<Weighting>("tasuki/MOML", "inner_lr: 0.2", problem.context());
  auto step = problem.step();
  const auto mean = problem.training_gradients(step.index).mean(0);
  testing::take_step(*weighting, step);
  ASSERT_EQ(problem.asked.size(), 1u);
  EXPECT_EQ(problem.asked[0].what, "validation");
  EXPECT_TRUE(problem.asked[0].x.allclose(before - 0.2 * mean, 1e-12, 1e-12));
  EXPECT_TRUE(problem.x().equal(before));
}

TEST(MOML, LossesThatAreNotFiniteStopTheRun) {
  QuadraticProblem problem(three_tasks());
  problem.poisoned = "validation";
  const auto weighting = testing::make<Weighting>("tasuki/MOML", "", problem.context());
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
