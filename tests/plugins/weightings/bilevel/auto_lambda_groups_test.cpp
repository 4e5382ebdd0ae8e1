#include <gtest/gtest.h>

#include <limits>

#include "tests/plugins/weightings/bilevel/quadratic_step.h"

namespace tasuki {
namespace {

using testing::QuadraticProblem;

// Factors of the learning rate and of the weight decay of each of the 8 parameters.
torch::Tensor factors(double stem, double head) {
  return torch::cat({torch::full({5}, stem, torch::kFloat64),
                     torch::full({QuadraticProblem::kSize - 5}, head, torch::kFloat64)});
}

// theta'(w) = theta - lr D (momentum buffer + sum_i w_i grad L_i + weight_decay M theta), D and M
// diagonal; the losses are quadratic, so that the difference has no error but rounding.
TEST(AutoLambdaOfGroups, TheVirtualStepIsThatOfEachGroup) {
  torch::manual_seed(6);
  QuadraticProblem problem(
      {Objective::primary("seg"), Objective::primary("depth"), Objective::primary("normal")});
  const auto weighting = testing::make<Weighting>("tasuki/AutoLambda", "", problem.context());
  auto step = problem.step();
  const auto& segments = problem.parameters().segments();
  step.momentum.groups = {{{0, segments[1].begin}, 0.5, 2},
                          {{segments[1].begin, problem.parameters().values().numel()}, 3, 0}};

  const auto weights = torch::full({3}, 0.1, torch::kFloat64).requires_grad_();
  const auto x = problem.x().detach();
  const auto change = weights.matmul(problem.training_gradients(step.index)) +
                      problem.weight_decay * factors(2, 0) * x +
                      problem.momentum * problem.packed(problem.buffer);
  const auto moved = x - problem.learning_rate * factors(0.5, 3) * change;
  const auto expected = torch::autograd::grad({problem.validation_loss(moved)}, {weights})[0];

  weighting->backward(step);
  // Adam's first moment after its first update is a tenth of the gradient.
  const auto learned = weighting->state().at("exp_avg") / (1 - 0.9);
  EXPECT_TRUE(learned.allclose(expected, 1e-8, 0)) << learned << "\n" << expected;
}

}  // namespace
}  // namespace tasuki
