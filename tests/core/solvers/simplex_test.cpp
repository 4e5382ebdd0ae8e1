#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

#include "tasuki/solvers/simplex.h"

namespace tasuki::solvers {
namespace {

torch::Tensor vector(const std::vector<double>& values) {
  return torch::tensor(values, torch::kFloat64);
}

TEST(Simplex, PointsOfItStay) {
  for (const std::vector<double>& point :
       {std::vector<double>{1}, {0, 1}, {0.25, 0.75}, {0.2, 0.3, 0.5}, {0, 0, 1, 0}}) {
    EXPECT_TRUE(project_to_simplex(vector(point)).allclose(vector(point), 0, 1e-15));
  }
}

TEST(Simplex, KnownProjections) {
  EXPECT_TRUE(project_to_simplex(vector({-7})).equal(vector({1})));
  EXPECT_TRUE(project_to_simplex(vector({3, 1})).equal(vector({1, 0})));
  EXPECT_TRUE(project_to_simplex(vector({5, 5})).equal(vector({0.5, 0.5})));
  EXPECT_TRUE(project_to_simplex(vector({0, 0, 0.5}))
                  .allclose(vector({1.0 / 6, 1.0 / 6, 2.0 / 3}), 0, 1e-15));
  EXPECT_TRUE(project_to_simplex(vector({1e9 + 0.5, 1e9, -1e9})).equal(vector({0.75, 0.25, 0})));
}

// w is the projection if and only if it is in the simplex and v - w is the same number on its
// support and no larger elsewhere.
TEST(Simplex, IsOptimalForRandomVectors) {
  torch::manual_seed(1);
  for (int i = 0; i < 1000; ++i) {
    const double scale = std::pow(10.0, i % 7 - 3);
    const auto v = torch::randn({1 + i % 20}, torch::kFloat64) * scale;
    const auto w = project_to_simplex(v);
    ASSERT_NEAR(w.sum().item<double>(), 1, 1e-14) << i;
    ASSERT_GE(w.min().item<double>(), 0) << i;
    const auto rest = v - w;
    const auto support = rest.masked_select(w > 0);
    const double level = support.max().item<double>(), bound = 1e-14 * (1 + scale);
    ASSERT_NEAR(support.min().item<double>(), level, bound) << i;
    ASSERT_LE(rest.max().item<double>(), level + bound) << i;
  }
}

TEST(Simplex, WhatIsNotFiniteStaysSo) {
  for (const double wrong : {HUGE_VAL, -HUGE_VAL, std::nan("")}) {
    EXPECT_TRUE(project_to_simplex(vector({0.3, wrong, 1})).isnan().all().item<bool>()) << wrong;
  }
}

}  // namespace
}  // namespace tasuki::solvers
