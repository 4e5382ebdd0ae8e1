#include <gtest/gtest.h>
#include <torch/torch.h>

#include "acme/min_norm.h"

namespace acme {
namespace {

torch::Tensor weigh(const torch::Tensor& rows) {
  tasuki::Draws draws(0);
  return MinNorm({}).weigh(rows.matmul(rows.t()), draws);
}

// The value that TorchJD's tests pin for this matrix.
TEST(MinNorm, IsTheShortestPoint) {
  const auto rows = torch::tensor({{-4.0, 1.0, 1.0}, {6.0, 1.0, 1.0}}, torch::kFloat64);
  EXPECT_TRUE(weigh(rows).allclose(torch::tensor({0.6, 0.4}, torch::kFloat64), 0, 1e-12));
}

TEST(MinNorm, OfTwoHasAClosedForm) {
  torch::manual_seed(1);
  for (int i = 0; i < 50; ++i) {
    const auto rows = torch::randn({2, 4}, torch::kFloat64);
    const auto difference = rows[0] - rows[1];
    const auto first = (-difference.dot(rows[1]) / difference.square().sum()).clamp(0, 1);
    EXPECT_NEAR(weigh(rows)[0].item<double>(), first.item<double>(), 1e-10) << i;
  }
}

// d is the shortest point if and only if no gradient lies less far in its direction than d itself.
TEST(MinNorm, OfManyKeepsTheOptimalityCondition) {
  torch::manual_seed(2);
  for (const int64_t n : {1, 3, 6, 9}) {
    for (const int64_t size : {2, 5, 40}) {
      const auto rows = torch::randn({n, size}, torch::kFloat64) + 0.3;
      const auto w = weigh(rows);
      EXPECT_GE(w.min().item<double>(), 0);
      EXPECT_NEAR(w.sum().item<double>(), 1, 1e-12);
      const auto d = w.matmul(rows);
      const double slack = (rows.mv(d) - d.square().sum()).min().item<double>();
      EXPECT_GE(slack, -1e-9 * rows.square().sum(1).max().item<double>()) << n << " " << size;
    }
  }
}

TEST(MinNorm, ZeroAndEqualGradientsAreNoTrouble) {
  for (const auto& rows :
       {torch::zeros({3, 4}, torch::kFloat64), torch::ones({3, 4}, torch::kFloat64)}) {
    EXPECT_NEAR(weigh(rows).sum().item<double>(), 1, 1e-12);
  }
}

}  // namespace
}  // namespace acme
