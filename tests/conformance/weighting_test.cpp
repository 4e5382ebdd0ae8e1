#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <functional>
#include <set>

#include "tasuki/config/plugin_builder.h"
#include "tasuki/step/mtl_backward.h"
#include "tasuki/step/weighting.h"
#include "tests/conformance/registered.h"
#include "tests/plugins/weightings/linear_batches.h"
#include "tests/plugins/weightings/linear_step.h"

namespace tasuki::conformance {
namespace {

using testing::LinearProblem;

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
         {"at: FEATURES", "decoders: PLAIN", "decoders: WEIGHTED",
          "at: FEATURES decoders: WEIGHTED", "log_losses: true max_norm: 0.5 scale: MEAN",
          "every: 2 smoothing: 0.5", "rows: BF16"}) {
      const auto options = required_options(name) + " gradients { " + common + " }";
      try {
        LinearProblem problem(testing::three_tasks());
        testing::make<Weighting>(name, options, problem.context());
        all.push_back({name, options});
      } catch (const OptionError& error) {  // only what a method does not offer
        const std::set<std::string> may_lack = {"gradients.decoders", "gradients.at",
                                                "gradients.every", "gradients.log_losses",
                                                "gradients.rows"};
        EXPECT_EQ(may_lack.count(error.field()), 1u) << error.what();
      }
    }
  }
  return all;
}

// What a step may ask for beside its own losses: further batches so far as the weighting declares
// them.
struct Extras {
  Extras(const LinearProblem& problem, StepContext& step, const WeightingNeeds& needs,
         const std::vector<size_t>& primaries)
      : look_ahead(problem, step.index, primaries), batches(problem, step.index, primaries) {
    step.look_ahead = &look_ahead;
    if (needs.validation_batch || needs.training_batches) step.further_batches = &batches;
  }
  testing::LinearLookAhead look_ahead;
  testing::LinearBatches batches;
};

class WeightingConformance : public ::testing::TestWithParam<WeightingCase> {
 protected:
  std::unique_ptr<Weighting> make(LinearProblem& problem) const {
    return testing::make<Weighting>(GetParam().name, GetParam().options, problem.context());
  }
  bool says(const std::string& option) const {
    return GetParam().options.find(option) != std::string::npos;
  }
  // A step as the trainer gives it: of the objectives at `index` (all when empty), with
  // look-aheads, and a cut graph where the weighting declares that it needs it. Its random numbers
  // are the epoch's.
  static std::vector<double> take_step(Weighting& weighting, LinearProblem& problem,
                                       int64_t epoch = 0, const std::vector<size_t>& index = {},
                                       Collective& collective = Collective::alone()) {
    auto step = problem.step(Train::COUNT, index, weighting.needs());
    Extras extras(problem, step, weighting.needs(), {0, 1, 2});
    step.epoch = step.step = epoch;
    step.draws = Draws::of_step(0, epoch, 0);
    step.collective = &collective;
    const auto factors = testing::take_step(weighting, step);
    weighting.after_update(step);
    return factors;
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

// What decoders are multiplied with is the policies' coefficient, normalised by route, or their
// weights as well; over the loss for methods on logarithms. What they get where nothing is said is
// the method's to say. Weights that are learned are equal at first, and differ when gradients have
// changed; without a conflict some methods are the sum.
TEST_P(WeightingConformance, DecodersGetWhatTheOptionSays) {
  if (!says("decoders")) return;
  if (GetParam().name == "tasuki/IMTL") GTEST_SKIP() << "its losses are those times learned scales";
  auto shared = problem_.shared(problem_.rows()).clone();
  shared[1] -= 2 * shared[0];
  problem_.set_shared(shared);
  const auto weighting = make(problem_);
  const auto policies = torch::tensor({1.0 / 3, 0.5, 1.0, 1.0 / 3, 1.0 / 3, 0.5}, torch::kFloat64);
  double difference = 0;
  for (int64_t epoch = 0; epoch < 4; ++epoch) {
    const auto losses =
        torch::stack(problem_.losses({0, 1, 2, 3, 4, 5})).detach().to(torch::kFloat64);
    const auto factors = torch::tensor(take_step(*weighting, problem_, epoch), torch::kFloat64);
    const auto plain = (factors - policies).abs().max();
    const auto logarithms = (factors - policies / losses).abs().max();
    difference = std::max(difference, torch::min(plain, logarithms).item<double>());
    problem_.set_rows(problem_.rows() / torch::arange(1, 7).unsqueeze(1));
  }
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
  const auto needs = weighting->needs();
  Extras extras(problem_, step, needs, {0, 1, 2});
  step.further_batches = &extras.batches;
  testing::take_step(*weighting, step);
  if (!needs.validation_batch) {
    EXPECT_EQ(extras.look_ahead.validation_calls, 0);
    EXPECT_EQ(extras.batches.validation_calls, 0);
  }
  if (!needs.training_batches) {
    EXPECT_EQ(extras.batches.training_calls, 0);
  }
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
  Extras extras(one, step, weighting->needs(), {0});
  const auto factors = testing::take_step(*weighting, step);
  ASSERT_EQ(factors.size(), 1u);
  const auto expected = factors[0] * one.rows()[0];
  if (!says("max_norm")) {
    EXPECT_TRUE(testing::is_close(one.gradient(), expected));
    return;
  }
  // Which shortens the shared part alone.
  const auto shared = one.shared(expected);
  EXPECT_TRUE(testing::is_close(one.shared(one.gradient()), shared * (0.5 / shared.norm())));
  EXPECT_TRUE(testing::is_close(one.decoder(one.gradient(), "seg"), one.decoder(expected, "seg")));
}

// Two processes, of which the other one always has the same as this one.
class Twins : public Collective {
 public:
  int64_t size() const override { return 2; }
  void sum(torch::Tensor x) override { x.mul_(2); }
};

// Means over the processes are taken of everything once: of losses, gradients, rows. Inner products
// of features are another matter: the features of two processes are twice as many, and gradients on
// them half as large. A method whose weights depend on that has others by one factor then;
// GradNorm's steps are as long as its gradients.
TEST_P(WeightingConformance, TwoProcessesThatSeeTheSameAreOne) {
  static const std::set<std::string> kDependOnTheScale = {"tasuki/ConsMTL", "tasuki/FairGrad",
                                                          "tasuki/NashMTL", "tasuki/PIVRG"};
  const bool rescales = says("FEATURES") && kDependOnTheScale.count(GetParam().name) > 0;
  if (says("at: FEATURES") && GetParam().name == "tasuki/GradNorm") {
    GTEST_SKIP() << "its steps are as long as its gradients";
  }
  Twins twins;
  const auto alone = make(problem_), together = make(problem_);
  for (int64_t epoch = 0; epoch < 4; ++epoch) {
    const auto expected = take_step(*alone, problem_, epoch);
    const auto gradient = problem_.gradient().clone();
    const auto factors = take_step(*together, problem_, epoch, {}, twins);
    if (!says("FEATURES")) {
      EXPECT_EQ(factors, expected) << epoch;
    }
    const double ratio = rescales ? factors.at(0) / expected.at(0) : 1;
    for (size_t i = 0; i < factors.size(); ++i) {
      EXPECT_NEAR(factors[i], ratio * expected[i], 1e-6 * std::abs(expected[i])) << epoch;
    }
    if (!rescales) {
      EXPECT_TRUE(testing::is_close(problem_.gradient(), gradient)) << epoch;
      continue;
    }
    const auto shared = problem_.shared(gradient), now = problem_.shared(problem_.gradient());
    EXPECT_TRUE(testing::is_close(now / now.norm(), shared / shared.norm())) << epoch;
  }
}

// It may throw, and what it leaves as the gradient may be anything.
TEST_P(WeightingConformance, ALossThatIsNotANumberDoesNotGetIntoItsState) {
  const auto weighting = make(problem_);
  for (int64_t epoch = 0; epoch < 3; ++epoch) {
    take_step(*weighting, problem_, epoch);
    auto step = problem_.step(Train::COUNT, {}, weighting->needs());
    Extras extras(problem_, step, weighting->needs(), {0, 1, 2});
    step.epoch = epoch;
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

// Equal, opposite and vanishing gradients, and some a million times shorter than others.
TEST_P(WeightingConformance, OddGradientsAreNoTrouble) {
  const auto rows = problem_.rows().clone();
  const std::vector<std::function<void(torch::Tensor&)>> changes = {
      [](torch::Tensor& shared) { shared.copy_(shared[0].clone().expand_as(shared)); },
      [](torch::Tensor& shared) { shared[1] = -shared[0]; },
      [](torch::Tensor& shared) { shared[2].zero_(); },
      [](torch::Tensor& shared) { shared[0] *= 1e-6, shared[2] *= 1e-3; },
      [](torch::Tensor& shared) { shared -= shared.mean(0, /*keepdim=*/true); }};
  for (size_t k = 0; k < changes.size(); ++k) {
    problem_.set_rows(rows);
    auto shared = problem_.shared(rows).clone();
    changes[k](shared);
    problem_.set_shared(shared);
    const auto weighting = make(problem_);
    for (int64_t epoch = 0; epoch < 4; ++epoch) {
      for (const double factor : take_step(*weighting, problem_, epoch)) {
        EXPECT_TRUE(std::isfinite(factor)) << k;
      }
      EXPECT_TRUE(problem_.gradient().isfinite().all().item<bool>()) << k;
    }
    for (const auto& [name, tensor] : weighting->state()) {
      EXPECT_TRUE(tensor.isfinite().all().item<bool>()) << k << " " << name;
    }
  }
}

// A caller that accumulates: what a step adds to .grad() does not depend on what is there. A method
// that needs more than a loop of one's own has says so.
TEST_P(WeightingConformance, AddsToTheGradientsOfALoopOfOnesOwn) {
  const auto needs = make(problem_)->needs();
  const bool serves = !needs.last_features && !needs.training_batches && !needs.validation_batch;
  const auto parameter = [](int64_t size) {
    torch::manual_seed(size);
    return torch::randn({size}).requires_grad_();
  };
  const auto shared = parameter(9);
  const std::vector<torch::Tensor> heads = {parameter(3), parameter(4)};
  const auto step = [&](MtlWeighting& weighting) {
    const auto features = shared * 2;
    std::vector<torch::Tensor> losses;
    for (const auto& head : heads) {
      losses.push_back((features.slice(0, 0, head.size(0)) * head).square().sum() + 1);
    }
    mtl_backward(losses, {features}, {shared}, {{heads[0]}, {heads[1]}}, weighting);
  };
  MtlWeighting::Options options;
  options.optimizer = PluginBuilder("tasuki/SGD").set("lr", 0.1).any();
  const auto text = "[" + GetParam().name + "] { " + GetParam().options + " }";
  MtlWeighting once(text, options), twice(text, options);
  if (!serves) {
    EXPECT_THROW(step(once), Error);
    return;
  }
  step(once);
  const auto expected = shared.grad().clone();
  EXPECT_TRUE(expected.isfinite().all().item<bool>());
  step(twice);  // the first step of a method that has seen nothing yet, as before
  EXPECT_TRUE(shared.grad().allclose(2 * expected, 1e-5, 1e-7));
}

std::string weighting_case_name(const ::testing::TestParamInfo<WeightingCase>& info) {
  return case_name({info.param.name + " " + info.param.options, info.index});
}

INSTANTIATE_TEST_SUITE_P(Every, WeightingConformance, ::testing::ValuesIn(weighting_cases()),
                         weighting_case_name);

}  // namespace
}  // namespace tasuki::conformance
