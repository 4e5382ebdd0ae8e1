#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

#include "core/engine/hook.h"
#include "core/engine/optimizer.h"
#include "core/model/weighting.h"
#include "tests/conformance/registered.h"

namespace tasuki::conformance {
namespace {

// A flat vector as FlatParameters makes it, with the loss |x - 1|^2 / 2.
struct Quadratic {
  Quadratic() {
    torch::manual_seed(4);
    values = torch::randn({37}).requires_grad_();
    values.mutable_grad() = torch::zeros({37});
  }
  double loss() const {
    const torch::NoGradGuard no_grad;
    return (values - 1).square().sum().item<double>() / 2;
  }
  void step(Optimizer& optimizer, double factor = 1) {
    {
      const torch::NoGradGuard no_grad;
      values.mutable_grad().copy_(values - 1);
    }
    optimizer.step(optimizer.base_learning_rate() * factor);
  }

  torch::Tensor values;
};

class OptimizerConformance : public ::testing::TestWithParam<std::string> {
 protected:
  std::unique_ptr<Optimizer> make(const Quadratic& problem) const {
    return make_minimal<Optimizer>(GetParam(), {problem.values});
  }
};

TEST_P(OptimizerConformance, AStepGoesDown) {
  Quadratic problem;
  const auto optimizer = make(problem);
  EXPECT_GT(optimizer->base_learning_rate(), 0);
  const double before = problem.loss();
  problem.step(*optimizer);
  EXPECT_LT(problem.loss(), before);
}

TEST_P(OptimizerConformance, ALearningRateOfZeroChangesNothing) {
  Quadratic problem;
  const auto optimizer = make(problem);
  const auto before = problem.values.detach().clone();
  problem.step(*optimizer, 0);
  EXPECT_TRUE(problem.values.equal(before));
}

TEST_P(OptimizerConformance, GoesOnFromItsStateToTheLastBit) {
  Quadratic whole, first, second;
  const auto unbroken = make(whole);
  for (int i = 0; i < 6; ++i) whole.step(*unbroken, 1.0 / (i + 1));

  const auto before = make(first);
  for (int i = 0; i < 4; ++i) first.step(*before, 1.0 / (i + 1));
  const auto after = make(second);
  {
    const torch::NoGradGuard no_grad;
    second.values.copy_(first.values);
  }
  after->load_state(before->state());
  EXPECT_EQ(after->state().size(), before->state().size());
  for (int i = 4; i < 6; ++i) second.step(*after, 1.0 / (i + 1));
  EXPECT_TRUE(second.values.equal(whole.values));
  for (const auto& [name, tensor] : unbroken->state()) {
    EXPECT_TRUE(after->state().at(name).equal(tensor)) << name;
  }
}

TEST_P(OptimizerConformance, LoadedStateIsItsOwn) {
  Quadratic first, second;
  const auto before = make(first), after = make(second);
  first.step(*before);
  after->load_state(before->state());
  std::map<std::string, torch::Tensor> kept;
  for (const auto& [name, tensor] : after->state()) kept[name] = tensor.clone();
  first.step(*before);
  for (const auto& [name, tensor] : after->state()) EXPECT_TRUE(tensor.equal(kept.at(name)));
}

TEST_P(OptimizerConformance, StartsWithoutState) {
  Quadratic problem;
  const auto optimizer = make(problem);
  optimizer->load_state(optimizer->state());
  problem.step(*optimizer);
  EXPECT_TRUE(problem.values.isfinite().all().item<bool>());
}

TASUKI_CONFORMANCE(OptimizerConformance, Optimizer::kKind);

class ScheduleConformance : public ::testing::TestWithParam<std::string> {};

TEST_P(ScheduleConformance, FactorsAreBetweenZeroAndOneFromOneDownwards) {
  for (const Schedule::Context run :
       {Schedule::Context{10, 2500}, Schedule::Context{1, 1}, Schedule::Context{7, 0}}) {
    const auto schedule = make_minimal<Schedule>(GetParam(), run);
    EXPECT_EQ(schedule->factor(0), 1);
    double last = 1;
    for (int64_t step = 0; step < std::max<int64_t>(run.total_steps, 1); ++step) {
      const double factor = schedule->factor(step);
      ASSERT_TRUE(std::isfinite(factor)) << step;
      EXPECT_GE(factor, 0) << step;
      EXPECT_LE(factor, last + 1e-12) << step;
      last = factor;
    }
  }
}

TASUKI_CONFORMANCE(ScheduleConformance, Schedule::kKind);

class WeightingConformance : public ::testing::TestWithParam<std::string> {
 protected:
  // Three losses of one vector: their gradients are the rows of a matrix.
  std::vector<double> backward(Weighting& weighting) {
    gradient_.zero_();
    auto x = torch::ones({8}).requires_grad_();
    x.mutable_grad() = gradient_;
    WeightingStep step;
    step.objectives = &objectives_;
    for (int i = 0; i < 3; ++i) step.losses.push_back(matrix_[i].dot(x.square()) / 2);
    step.backward = [](const torch::Tensor& loss) { loss.backward({}, true); };
    return weighting.backward(step);
  }

  const std::vector<Objective> objectives_ = {
      Objective::primary("seg"), Objective::primary("depth"), Objective::primary("normal")};
  std::unique_ptr<Weighting> weighting_ = make_minimal<Weighting>(GetParam(), {objectives_});
  torch::Tensor matrix_ = torch::rand({3, 8}) + 0.1;
  torch::Tensor gradient_ = torch::zeros({8});
};

TEST_P(WeightingConformance, LeavesAGradientAndReportsACoefficientEach) {
  const auto coefficients = backward(*weighting_);
  ASSERT_EQ(coefficients.size(), objectives_.size());
  for (const double value : coefficients) EXPECT_TRUE(std::isfinite(value));
  EXPECT_TRUE(gradient_.isfinite().all().item<bool>());
  EXPECT_GT(gradient_.norm().item<double>(), 0);
}

TEST_P(WeightingConformance, GoesOnFromItsState) {
  backward(*weighting_);
  const auto other = make_minimal<Weighting>(GetParam(), {objectives_});
  other->load_state(weighting_->state());
  const auto expected = backward(*weighting_);
  const auto gradient = gradient_.clone();
  EXPECT_EQ(backward(*other), expected);
  EXPECT_TRUE(gradient_.equal(gradient));
}

TASUKI_CONFORMANCE(WeightingConformance, Weighting::kKind);

class HookConformance : public ::testing::TestWithParam<std::string> {};

TEST_P(HookConformance, StateRoundTrips) {
  const auto hook = make_minimal<Hook>(GetParam(), {"mine"});
  const auto state = hook->state();
  const auto other = make_minimal<Hook>(GetParam(), {"mine"});
  // As a checkpoint carries it.
  other->load_state(nlohmann::json::parse(state.dump()));
  EXPECT_EQ(other->state(), state);
}

TASUKI_CONFORMANCE(HookConformance, Hook::kKind);

}  // namespace
}  // namespace tasuki::conformance
