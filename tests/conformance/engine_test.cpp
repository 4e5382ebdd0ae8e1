#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

#include "tasuki/engine/hook.h"
#include "tasuki/engine/optimizer.h"
#include "tests/conformance/registered.h"

namespace tasuki::conformance {
namespace {

// A flat vector as ParameterSpace makes it, with the loss |x - 1|^2 / 2.
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
    optimizer.step(optimizer.base_learning_rate() * factor, torch::tensor(true));
  }
  // A step that is not to be applied, as its gradient shows.
  void bad_step(Optimizer& optimizer) {
    values.mutable_grad().fill_(std::nan(""));
    optimizer.step(optimizer.base_learning_rate(), torch::tensor(false));
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

TEST_P(OptimizerConformance, AStepThatDoesNotApplyChangesNothing) {
  Quadratic with, without;
  const auto optimizer = make(with), other = make(without);
  for (int i = 0; i < 3; ++i) {
    const auto values = with.values.detach().clone();
    std::map<std::string, torch::Tensor> state;
    for (const auto& [name, tensor] : optimizer->state()) state[name] = tensor.clone();
    with.bad_step(*optimizer);
    EXPECT_TRUE(with.values.equal(values)) << i;
    for (const auto& [name, tensor] : optimizer->state()) {
      if (state.count(name) == 0) state[name] = torch::zeros_like(tensor);
      EXPECT_TRUE(tensor.equal(state.at(name))) << name << " " << i;
    }
    with.step(*optimizer);
    without.step(*other);
    EXPECT_TRUE(with.values.equal(without.values)) << i;
  }
}

// Cut at a cache line, as a ParameterSpace cuts its vectors.
std::vector<ParameterGroup> two_groups(double lr_multiplier) {
  return {{{0, 16}, lr_multiplier, 1}, {{16, 37}, 1, 1}};
}

TEST_P(OptimizerConformance, EqualGroupsChangeNoBit) {
  Quadratic whole, cut;
  const auto one = make(whole);
  const auto two = make_minimal<Optimizer>(GetParam(), {cut.values, two_groups(1)});
  for (int i = 0; i < 4; ++i) {
    whole.step(*one, 1.0 / (i + 1));
    cut.step(*two, 1.0 / (i + 1));
  }
  EXPECT_TRUE(cut.values.equal(whole.values));
  for (const auto& [name, tensor] : one->state()) {
    EXPECT_TRUE(two->state().at(name).equal(tensor)) << name;
  }
}

TEST_P(OptimizerConformance, AGroupLearnsAtItsOwnRate) {
  Quadratic slow, cut;
  const auto one = make(slow);
  const auto two = make_minimal<Optimizer>(GetParam(), {cut.values, two_groups(0.25)});
  for (int i = 0; i < 4; ++i) {
    slow.step(*one, 0.25);
    cut.step(*two);
  }
  EXPECT_TRUE(cut.values.slice(0, 0, 16).equal(slow.values.slice(0, 0, 16)));
  EXPECT_FALSE(cut.values.slice(0, 16).equal(slow.values.slice(0, 16)));
}

// The one of the options, again and again, changes no bit; another one does, and is seen by who
// takes a virtual step.
TEST_P(OptimizerConformance, TheMomentumCanBeScheduled) {
  Quadratic plain, same, other;
  const auto without = make(plain), with = make(same), less = make(other);
  const auto base = with->base_momentum();
  if (!base) GTEST_SKIP() << GetParam() << " has no momentum";
  EXPECT_GT(*base, 0);
  for (int i = 0; i < 4; ++i) {
    with->set_momentum(*base);
    less->set_momentum(*base / (i + 1));
    EXPECT_EQ(less->base_momentum(), base);
    if (with->momentum().momentum != 0) {
      EXPECT_EQ(less->momentum().momentum, *base / (i + 1));
    }
    plain.step(*without);
    same.step(*with);
    other.step(*less);
    EXPECT_TRUE(same.values.equal(plain.values)) << i;
  }
  EXPECT_FALSE(other.values.equal(plain.values));
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

// A run may begin at any step, and a factor above 1 would train faster than the options say. As
// long as nothing is observed.
TEST_P(ScheduleConformance, FactorsAreFunctionsOfTheStepBetweenZeroAndOne) {
  for (const Schedule::Context& run :
       {Schedule::Context{10, 2500}, Schedule::Context{1, 1}, Schedule::Context{7, 0}}) {
    const auto schedule = make_minimal<Schedule>(GetParam(), run);
    const auto resumed = make_minimal<Schedule>(GetParam(), run);
    double most = 0;
    for (int64_t step = std::max<int64_t>(run.total_steps, 1) - 1; step >= 0; --step) {
      const double factor = schedule->factor(step);
      ASSERT_TRUE(std::isfinite(factor)) << step;
      EXPECT_GE(factor, 0) << step;
      EXPECT_LE(factor, 1) << step;
      most = std::max(most, factor);
    }
    EXPECT_GT(most, 0);
    for (const int64_t step : {run.total_steps / 2, int64_t(0)}) {
      EXPECT_EQ(resumed->factor(step), schedule->factor(step)) << step;
    }
  }
}

TEST_P(ScheduleConformance, GoesOnFromItsState) {
  const Schedule::Context run{10, 300};
  const auto whole = make_minimal<Schedule>(GetParam(), run);
  const auto before = make_minimal<Schedule>(GetParam(), run);
  const auto after = make_minimal<Schedule>(GetParam(), run);
  for (int64_t epoch = 1; epoch < 30; ++epoch) {
    auto& resumed = epoch < 17 ? before : after;
    if (epoch == 17) {
      const auto state = before->state();
      if (!state.is_null()) after->load_state(nlohmann::json::parse(state.dump()));
    }
    // Becomes better for a while, then no more.
    const std::vector<Measured> measured = {{"score", double(std::min<int64_t>(epoch, 4)), true}};
    whole->observe(measured, 10 * epoch);
    resumed->observe(measured, 10 * epoch);
    EXPECT_EQ(resumed->factor(10 * epoch), whole->factor(10 * epoch)) << epoch;
  }
}

TASUKI_CONFORMANCE(ScheduleConformance, Schedule::kKind);

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
