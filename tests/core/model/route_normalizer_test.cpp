#include "tasuki/model/route_normalizer.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace tasuki {
namespace {

// Two objectives on seg's route, three on depth's, one on normal's.
const std::vector<Objective>& objectives() {
  static const std::vector<Objective> all = {
      Objective::primary("seg"),           Objective::primary("depth"),
      Objective::primary("normal"),        Objective::transfer("normal", "seg"),
      Objective::transfer("seg", "depth"), Objective::transfer("normal", "depth")};
  return all;
}

torch::Tensor numbers(const std::vector<double>& values) {
  return torch::tensor(values, torch::kFloat64);
}

void expect_near(const torch::Tensor& a, const std::vector<double>& b) {
  EXPECT_TRUE(a.allclose(numbers(b), 1e-12, 1e-12)) << a;
}

const std::vector<double> kWeights = {0.2, 0.5, 0.7, 0.6, 0.1, 0.3};

TEST(RouteNormalizer, Count) {
  expect_near(RouteNormalizer(Train::COUNT, objectives())(numbers(kWeights)),
              {0.1, 0.5 / 3, 0.7, 0.3, 0.1 / 3, 0.1});
}

TEST(RouteNormalizer, SumGivesEveryRouteTheWeightOne) {
  expect_near(RouteNormalizer(Train::SUM, objectives())(numbers(kWeights)),
              {0.25, 5.0 / 9, 1, 0.75, 1.0 / 9, 3.0 / 9});
}

TEST(RouteNormalizer, MeanOverCountIsTheSameForAllOfARoute) {
  expect_near(RouteNormalizer(Train::MEAN_OVER_COUNT, objectives())(numbers(kWeights)),
              {0.2, 0.1, 0.7, 0.2, 0.1, 0.1});
}

TEST(RouteNormalizer, NoneAndASingleObjectiveOnEachRoute) {
  expect_near(RouteNormalizer(Train::NONE, objectives())(numbers(kWeights)), kWeights);
  const std::vector<Objective> single = {Objective::primary("a"), Objective::primary("b")};
  for (const auto mode : {Train::COUNT, Train::MEAN_OVER_COUNT, Train::NONE}) {
    expect_near(RouteNormalizer(mode, single)(numbers({0.4, 3})), {0.4, 3});
  }
}

TEST(RouteNormalizer, ARouteWithoutWeightIsZeroAndSoIsItsGradient) {
  const auto w = numbers({0, 0.5, 0.7, 0, 0.1, 0.3}).requires_grad_();
  const auto factors = RouteNormalizer(Train::SUM, objectives())(w);
  EXPECT_EQ(factors[0].item<double>(), 0);
  EXPECT_EQ(factors[3].item<double>(), 0);
  factors.square().sum().backward();
  EXPECT_TRUE(w.grad().isfinite().all().item<bool>());
}

// Weightings learn through it.
TEST(RouteNormalizer, GradientsAgreeWithDifferences) {
  constexpr double kStep = 1e-6;
  const auto target = torch::arange(6, torch::kFloat64);
  for (const auto mode : {Train::COUNT, Train::SUM, Train::MEAN_OVER_COUNT, Train::NONE}) {
    const RouteNormalizer normalize(mode, objectives());
    const auto value = [&](const torch::Tensor& w) { return normalize(w).dot(target); };
    const auto w = numbers(kWeights).requires_grad_();
    value(w).backward();
    for (int64_t i = 0; i < 6; ++i) {
      auto up = numbers(kWeights), down = numbers(kWeights);
      up[i] += kStep;
      down[i] -= kStep;
      const double difference = (value(up) - value(down)).item<double>() / (2 * kStep);
      EXPECT_NEAR(w.grad()[i].item<double>(), difference, 1e-7) << mode << " " << i;
    }
  }
}

}  // namespace
}  // namespace tasuki
