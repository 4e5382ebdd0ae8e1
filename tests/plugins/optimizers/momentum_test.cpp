#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

#include "tasuki/engine/optimizer.h"
#include "tests/pipelines/plugin.h"

namespace tasuki {
namespace {

// One parameter, and what each step has.
constexpr double kFirstValue = 0.5;
const std::vector<double> kStepGradients = {1, -0.5, 0.25, 2};
const std::vector<double> kMomenta = {0.9, 0.5, 0.3, 0.8};
constexpr double kRate = 0.1;

std::vector<double> values_under_schedule(const std::string& name, const std::string& options) {
  auto parameter = torch::full({1}, kFirstValue, torch::kFloat64).requires_grad_();
  parameter.mutable_grad() = torch::zeros({1}, torch::kFloat64);
  const auto optimizer = testing::make<Optimizer>(name, options, {parameter});
  std::vector<double> values;
  for (size_t i = 0; i < kMomenta.size(); ++i) {
    parameter.mutable_grad().fill_(kStepGradients[i]);
    optimizer->set_momentum(kMomenta[i]);
    optimizer->step(kRate, torch::tensor(true));
    values.push_back(parameter.item<double>());
  }
  return values;
}

TEST(ScheduledMomentum, OfSGDIsTheStepsOwn) {
  const auto values = values_under_schedule("tasuki/SGD", "momentum: 0.9 weight_decay: 0");
  double x = kFirstValue, buffer = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    buffer = kMomenta[i] * buffer + kStepGradients[i];
    x -= kRate * buffer;
    EXPECT_NEAR(values[i], x, 1e-12) << i;
  }
}

// Algorithm 1 of arXiv:1412.6980 with the step's beta1 wherever it stands, as torch.optim has it.
TEST(ScheduledMomentum, OfAdamIsTheStepsBeta1) {
  const auto values = values_under_schedule("tasuki/Adam", "");
  double x = kFirstValue, mean = 0, square = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const double beta1 = kMomenta[i], beta2 = 0.999, g = kStepGradients[i];
    mean = beta1 * mean + (1 - beta1) * g;
    square = beta2 * square + (1 - beta2) * g * g;
    const double first = mean / (1 - std::pow(beta1, double(i + 1)));
    const double second = square / (1 - std::pow(beta2, double(i + 1)));
    x -= kRate * first / (std::sqrt(second) + 1e-8);
    EXPECT_NEAR(values[i], x, 1e-12) << i;
  }
}

TEST(ScheduledMomentum, NeedsOneInTheOptions) {
  const auto base = [](const std::string& name, const std::string& options) {
    auto parameter = torch::zeros({1}).requires_grad_();
    parameter.mutable_grad() = torch::zeros({1});
    return testing::make<Optimizer>(name, options, {parameter})->base_momentum();
  };
  EXPECT_EQ(base("tasuki/SGD", "momentum: 0"), std::nullopt);
  EXPECT_EQ(base("tasuki/SGD", "momentum: 0.7"), 0.7);
  EXPECT_EQ(base("tasuki/AdamW", "beta1: 0.8"), 0.8);
}

}  // namespace
}  // namespace tasuki
