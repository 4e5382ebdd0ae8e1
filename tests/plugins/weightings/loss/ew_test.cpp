#include <gtest/gtest.h>

#include "tests/plugins/weightings/linear_step.h"

namespace tasuki {
namespace {

using testing::LinearProblem;

TEST(EW, GradientIsThatOfTheSum) {
  torch::manual_seed(1);
  for (const auto type : {torch::kFloat64, torch::kFloat32}) {
    for (const auto& objectives : {std::vector<Objective>{Objective::primary("seg")},
                                   testing::three_tasks(), testing::three_tasks_with_transfers()}) {
      LinearProblem problem(objectives, type);
      const auto weighting = testing::make<Weighting>("tasuki/EW", "", problem.context());
      EXPECT_FALSE(weighting->needs().validation_batch);
      auto step = problem.step();
      EXPECT_EQ(testing::take_step(*weighting, step), std::vector<double>(objectives.size(), 1.0));
      EXPECT_TRUE(testing::is_close(problem.gradient(), problem.rows().sum(0)));
      // One walk through the shared part.
      EXPECT_EQ(problem.kept_graph, std::vector<bool>{false});
    }
  }
}

TEST(EW, FactorsAreThePoliciesCoefficientsNormalisedByRoute) {
  torch::manual_seed(2);
  LinearProblem problem(testing::three_tasks_with_transfers());
  const auto weighting = testing::make<Weighting>("tasuki/EW", "", problem.context());
  auto step = problem.step(Train::COUNT);
  step.coefficients = torch::tensor({1.0, 1.0, 1.0, 0.5, 0.25, 0.1}, torch::kFloat64);
  const auto factors = testing::take_step(*weighting, step);
  // Three objectives run on seg's route, two on depth's, one on normal's.
  const std::vector<double> expected = {1.0 / 3, 0.5, 1, 0.5 / 3, 0.25 / 3, 0.05};
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(factors[i], expected[i], 1e-15) << i;
  const auto sum = torch::tensor(expected, torch::kFloat64).matmul(problem.rows());
  EXPECT_TRUE(testing::is_close(problem.gradient(), sum));
}

TEST(EW, ObjectivesThatDoNotRunGetNothing) {
  torch::manual_seed(3);
  LinearProblem problem(testing::three_tasks_with_transfers());
  const auto weighting = testing::make<Weighting>("tasuki/EW", "", problem.context());
  auto step = problem.step(Train::NONE, {0, 3});
  EXPECT_EQ(testing::take_step(*weighting, step), (std::vector<double>{1, 1}));
  EXPECT_TRUE(testing::is_close(problem.gradient(), problem.rows()[0] + problem.rows()[3]));
}

}  // namespace
}  // namespace tasuki
