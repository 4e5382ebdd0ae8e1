#include <gtest/gtest.h>

#include "tests/plugins/weightings/linear_step.h"
#include "tests/plugins/weightings/matrix_method.h"

namespace tasuki {
namespace {

using testing::is_close;
using testing::LinearProblem;

constexpr int kSeed = 11;

// The combined gradient of these rows, [P].
torch::Tensor combine(const torch::Tensor& rows, uint64_t seed = kSeed) {
  return testing::direction("tasuki/PCGrad", "", rows, seed);
}

// Algorithm 1 on the vectors themselves, with the next draws.
torch::Tensor surgery(const torch::Tensor& rows, Draws& draws) {
  auto sum = torch::zeros_like(rows[0]);
  for (int64_t i = 0; i < rows.size(0); ++i) {
    auto gradient = rows[i].clone();
    const auto order = draws.permutation(rows.size(0));
    for (int64_t k = 0; k < rows.size(0); ++k) {
      const auto other = order[k].item<int64_t>();
      if (other == i) continue;
      const auto inner = gradient.dot(rows[other]);
      if (inner.item<double>() < 0) gradient -= inner / rows[other].square().sum() * rows[other];
    }
    sum += gradient;
  }
  return sum;
}

class PCGrad : public ::testing::TestWithParam<torch::ScalarType> {
 protected:
  torch::Tensor draw(int64_t n) const { return torch::randn({n, 34}, GetParam()); }
};

TEST_P(PCGrad, TwoObjectivesLoseTheirConflict) {
  int conflicts = 0;
  for (uint64_t seed = 0; seed < 30; ++seed) {
    torch::manual_seed(seed);
    const auto g = draw(2);
    const auto inner = g[0].dot(g[1]);
    const auto combined = combine(g);
    if (inner.item<double>() >= 0) {
      EXPECT_TRUE(is_close(combined, g[0] + g[1])) << seed;
      continue;
    }
    ++conflicts;
    const auto first = g[0] - inner / g[1].square().sum() * g[1];
    const auto second = g[1] - inner / g[0].square().sum() * g[0];
    EXPECT_TRUE(is_close(combined, first + second)) << seed;
    for (const auto& vector : {g[0], g[1], first, second}) {
      EXPECT_GE(combined.dot(vector).item<double>(), 0) << seed;
    }
  }
  EXPECT_GT(conflicts, 5);
}

TEST_P(PCGrad, OppositeGradientsCancel) {
  auto g = draw(2);
  g[1] = -2 * g[0];
  const auto combined = combine(g);
  EXPECT_TRUE(combined.allclose(torch::zeros_like(combined), 0, 1e-5));
}

TEST_P(PCGrad, WithoutAConflictIsTheSum) {
  torch::manual_seed(2);
  const auto g = draw(6).abs();
  EXPECT_TRUE(is_close(combine(g), g.sum(0)));
}

TEST_P(PCGrad, FollowsTheAlgorithmOnVectors) {
  for (uint64_t seed = 0; seed < 10; ++seed) {
    torch::manual_seed(seed);
    const auto g = draw(3);
    Draws draws(seed);
    EXPECT_TRUE(is_close(combine(g, seed), surgery(g, draws))) << seed;
  }
}

TEST_P(PCGrad, FollowsTheAlgorithmOnRoutesToo) {
  torch::manual_seed(3);
  LinearProblem problem(testing::three_tasks_with_transfers(), GetParam());
  auto step = problem.step();
  step.draws = Draws(kSeed);
  const auto weighting = testing::make<Weighting>(
      "tasuki/PCGrad", "gradients { scope: SHARED_AND_ROUTES }", problem.context());
  testing::take_step(*weighting, step);
  const auto &rows = problem.rows(), &gradient = problem.gradient();
  Draws draws(kSeed);
  EXPECT_TRUE(is_close(problem.shared(gradient), surgery(problem.shared(rows), draws)));
  const auto depth = rows.index_select(0, torch::tensor({1, 5}));
  EXPECT_TRUE(
      is_close(problem.own(gradient, "depth"), surgery(problem.own(depth, "depth"), draws)));
  const auto seg = rows.index_select(0, torch::tensor({0, 3, 4}));
  EXPECT_TRUE(is_close(problem.own(gradient, "seg"), surgery(problem.own(seg, "seg"), draws)));
}

TEST_P(PCGrad, TheOrderIsDrawn) {
  torch::manual_seed(4);
  const auto g = draw(6), first = combine(g, 0);
  EXPECT_TRUE(combine(g, 0).equal(first));
  bool differs = false;
  for (uint64_t seed = 1; seed < 6; ++seed) differs = differs || !is_close(combine(g, seed), first);
  EXPECT_TRUE(differs);
}

INSTANTIATE_TEST_SUITE_P(Types, PCGrad, ::testing::Values(torch::kFloat64, torch::kFloat32),
                         [](const auto& info) {
                           return info.param == torch::kFloat64 ? "float64" : "float32";
                         });

}  // namespace
}  // namespace tasuki
