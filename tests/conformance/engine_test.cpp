#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

#include "tasuki/engine/hook.h"
#include "tasuki/engine/optimizer.h"
#include "tasuki/step/weighting.h"
#include "tests/conformance/registered.h"
#include "tests/plugins/weightings/linear_step.h"

namespace tasuki::conformance {
namespace {

using testing::LinearProblem;

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

// A registered weighting, with what its options have in common with others (GradientOptions).
struct WeightingCase {
  std::string name;
  std::string options;
};

std::ostream& operator<<(std::ostream& out, const WeightingCase& which) {
  return out << which.name << " " << which.options;
}

// Every name with its defaults, and those that combine gradients with every place and every way of
// treating decoders that they offer.
std::vector<WeightingCase> weighting_cases() {
  std::vector<WeightingCase> all;
  for (const auto& name : Registry::instance().names(Weighting::kKind)) {
    all.push_back({name, required_options(name)});
    const auto& entry = Registry::instance().find(name, Weighting::kKind);
    if (entry.options->GetDescriptor()->FindFieldByName("gradients") == nullptr) continue;
    for (const std::string common :
         {"at: FEATURES", "decoders: WEIGHTED", "at: FEATURES decoders: WEIGHTED"}) {
      const auto options = required_options(name) + " gradients { " + common + " }";
      try {
        LinearProblem problem(testing::three_tasks());
        testing::make<Weighting>(name, options, problem.context());
        all.push_back({name, options});
      } catch (const OptionError& error) {  // only what a method does not offer
        EXPECT_EQ(error.field(), "gradients.decoders") << error.what();
      }
    }
  }
  return all;
}

class WeightingConformance : public ::testing::TestWithParam<WeightingCase> {
 protected:
  std::unique_ptr<Weighting> make(LinearProblem& problem) const {
    return testing::make<Weighting>(GetParam().name, GetParam().options, problem.context());
  }
  bool says(const std::string& option) const {
    return GetParam().options.find(option) != std::string::npos;
  }
  // A step as the trainer gives it: of the objectives at `index` (all when empty), with look-aheads
  // and a cut graph where the weighting declares that it needs them. Its random numbers are the
  // epoch's.
  static std::vector<double> take_step(Weighting& weighting, LinearProblem& problem,
                                       int64_t epoch = 0, const std::vector<size_t>& index = {},
                                       Collective& collective = Collective::alone()) {
    auto step = problem.step(Train::COUNT, index, weighting.needs());
    testing::LinearLookAhead look_ahead(problem, step.index, {0, 1, 2});
    step.epoch = epoch;
    step.draws = Draws::of_step(0, epoch, 0);
    step.collective = &collective;
    if (weighting.needs().validation_batch) step.look_ahead = &look_ahead;
    return testing::take_step(weighting, step);
  }

  LinearProblem problem_{testing::three_tasks_with_transfers(), torch::kFloat32};
};

TEST_P(WeightingConformance, ReportsTheFactorsOfTheLosses) {
  const auto weighting = make(problem_);
  for (const std::vector<size_t>& index :
       {std::vector<size_t>{0, 1, 2, 3, 4, 5}, {0, 1, 2}, {0, 2, 3}, {1}}) {
    const auto factors = take_step(*weighting, problem_, 0, index);
    ASSERT_EQ(factors.size(), index.size());
    EXPECT_TRUE(problem_.gradient().isfinite().all().item<bool>());
    EXPECT_GT(problem_.gradient().norm().item<double>(), 0);
    // Nothing but its own objective trains a decoder.
    for (size_t i = 0; i < index.size(); ++i) {
      const std::string name = testing::three_tasks_with_transfers()[index[i]].name;
      const auto row = problem_.decoder(problem_.rows()[int64_t(index[i])], name);
      EXPECT_TRUE(testing::is_close(problem_.decoder(problem_.gradient(), name), factors[i] * row))
          << name << " " << factors[i];
    }
  }
}

// What decoders are multiplied with is the policies' coefficient, normalised by route, unless their
// gradients are WEIGHTED.
TEST_P(WeightingConformance, DecodersGetWhatTheOptionSays) {
  if (dynamic_cast<GradientWeighting*>(make(problem_).get()) == nullptr) return;
  const auto factors = take_step(*make(problem_), problem_);
  const std::vector<double> policies = {1.0 / 3, 0.5, 1, 1.0 / 3, 1.0 / 3, 0.5};
  ASSERT_EQ(factors.size(), policies.size());
  double difference = 0;
  for (size_t i = 0; i < factors.size(); ++i) difference += std::abs(factors[i] - policies[i]);
  if (says("WEIGHTED")) {
    EXPECT_GT(difference, 1e-6);
  } else {
    EXPECT_LT(difference, 1e-14);
  }
}

TEST_P(WeightingConformance, KeepsNoGraphAfterItsLastWalk) {
  const auto weighting = make(problem_);
  take_step(*weighting, problem_);
  ASSERT_FALSE(problem_.kept_graph.empty());
  EXPECT_FALSE(problem_.kept_graph.back());
}

TEST_P(WeightingConformance, LeavesTheParametersAsTheyWere) {
  const auto weighting = make(problem_);
  const auto before = problem_.parameters().values().detach().clone();
  for (int64_t epoch = 0; epoch < 4; ++epoch) {
    take_step(*weighting, problem_, epoch);
    EXPECT_TRUE(problem_.parameters().values().equal(before)) << epoch;
  }
}

TEST_P(WeightingConformance, AsksForNoMoreThanItDeclares) {
  const auto weighting = make(problem_);
  auto step = problem_.step(Train::NONE, {}, weighting->needs());
  testing::LinearLookAhead look_ahead(problem_, step.index, {0, 1, 2});
  step.look_ahead = &look_ahead;
  testing::take_step(*weighting, step);
  if (weighting->needs().validation_batch) return;
  EXPECT_EQ(look_ahead.training_calls + look_ahead.validation_calls, 0);
}

TEST_P(WeightingConformance, GoesOnFromItsStateToTheLastBit) {
  const auto unbroken = make(problem_);
  for (int64_t epoch = 0; epoch < 3; ++epoch) take_step(*unbroken, problem_, epoch);
  const auto resumed = make(problem_);
  std::map<std::string, torch::Tensor> state;
  for (const auto& [name, tensor] : unbroken->state()) state[name] = tensor.clone();
  resumed->load_state(state);
  for (int64_t epoch = 3; epoch < 6; ++epoch) {
    const auto expected = take_step(*unbroken, problem_, epoch);
    const auto gradient = problem_.gradient().clone();
    EXPECT_EQ(take_step(*resumed, problem_, epoch), expected);
    EXPECT_TRUE(problem_.gradient().equal(gradient));
  }
  for (const auto& [name, tensor] : unbroken->state()) {
    EXPECT_TRUE(resumed->state().at(name).equal(tensor)) << name;
  }
}

TEST_P(WeightingConformance, LoadsTheStateOfAStart) {
  const auto weighting = make(problem_);
  weighting->load_state(make(problem_)->state());
  take_step(*weighting, problem_);
  EXPECT_TRUE(problem_.gradient().isfinite().all().item<bool>());
}

TEST_P(WeightingConformance, OneSeedGivesOneResult) {
  torch::manual_seed(5);
  const auto factors = take_step(*make(problem_), problem_);
  const auto gradient = problem_.gradient().clone();
  torch::manual_seed(6);  // which is dropout's
  EXPECT_EQ(take_step(*make(problem_), problem_), factors);
  EXPECT_TRUE(problem_.gradient().equal(gradient));
}

TEST_P(WeightingConformance, ZeroGradientsGiveZeros) {
  problem_.set_rows(torch::zeros_like(problem_.rows()));
  const auto weighting = make(problem_);
  for (int64_t epoch = 0; epoch < 3; ++epoch) {
    for (const double factor : take_step(*weighting, problem_, epoch)) {
      EXPECT_TRUE(std::isfinite(factor));
    }
    EXPECT_EQ(problem_.gradient().count_nonzero().item<int64_t>(), 0);
  }
}

TEST_P(WeightingConformance, TakesAModelOfOneTask) {
  LinearProblem one({Objective::primary("seg")}, torch::kFloat64);
  const auto weighting = make(one);
  auto step = one.step(Train::COUNT, {}, weighting->needs());
  testing::LinearLookAhead look_ahead(one, step.index, {0});
  step.look_ahead = &look_ahead;
  const auto factors = testing::take_step(*weighting, step);
  ASSERT_EQ(factors.size(), 1u);
  EXPECT_TRUE(testing::is_close(one.gradient(), factors[0] * one.rows()[0]));
}

// Two processes, of which the other one always has the same as this one.
class Twins : public Collective {
 public:
  int64_t size() const override { return 2; }
  void sum(torch::Tensor x) override { x.mul_(2); }
};

// Means over the processes are taken of everything once: of losses, gradients, rows. (Inner
// products of features are another matter: the features of two processes are twice as many, and
// gradients on them half as large. No method here depends on the scale of its gradients.)
TEST_P(WeightingConformance, TwoProcessesThatSeeTheSameAreOne) {
  Twins twins;
  const auto alone = make(problem_), together = make(problem_);
  for (int64_t epoch = 0; epoch < 4; ++epoch) {
    const auto expected = take_step(*alone, problem_, epoch);
    const auto gradient = problem_.gradient().clone();
    EXPECT_EQ(take_step(*together, problem_, epoch, {}, twins), expected);
    EXPECT_TRUE(testing::is_close(problem_.gradient(), gradient)) << epoch;
  }
}

// It may throw, and what it leaves as the gradient may be anything.
TEST_P(WeightingConformance, ALossThatIsNotANumberDoesNotGetIntoItsState) {
  const auto weighting = make(problem_);
  for (int64_t epoch = 0; epoch < 3; ++epoch) {
    take_step(*weighting, problem_, epoch);
    auto step = problem_.step(Train::COUNT, {}, weighting->needs());
    testing::LinearLookAhead look_ahead(problem_, step.index, {0, 1, 2});
    step.epoch = epoch;
    step.look_ahead = &look_ahead;
    step.losses[1] = step.losses[1] * std::nan("");
    try {
      testing::take_step(*weighting, step);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kRun);
    }
    for (const auto& [name, tensor] : weighting->state()) {
      EXPECT_TRUE(tensor.isfinite().all().item<bool>()) << name;
    }
  }
  take_step(*weighting, problem_, 3);
  EXPECT_TRUE(problem_.gradient().isfinite().all().item<bool>());
}

std::string weighting_case_name(const ::testing::TestParamInfo<WeightingCase>& info) {
  return case_name({info.param.name + " " + info.param.options, info.index});
}

INSTANTIATE_TEST_SUITE_P(Every, WeightingConformance, ::testing::ValuesIn(weighting_cases()),
                         weighting_case_name);

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
