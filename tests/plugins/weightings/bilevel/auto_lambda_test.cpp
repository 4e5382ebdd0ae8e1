#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/plugins/weightings/bilevel/quadratic_step.h"
#include "tests/plugins/weightings/linear_step.h"

namespace tasuki {
namespace {

using ::testing::HasSubstr;
using testing::QuadraticProblem;
using testing::three_tasks;
using testing::three_tasks_with_transfers;
using State = std::map<std::string, torch::Tensor>;

constexpr double kInit = 0.1, kRate = 1e-4;  // the defaults

std::vector<Objective> at(const std::vector<Objective>& all, const std::vector<size_t>& index) {
  std::vector<Objective> some;
  for (const size_t i : index) some.push_back(all[i]);
  return some;
}

torch::Tensor uniform(int64_t n, double value) {
  return torch::full({n}, value, torch::kFloat64);
}

// The normalisations' formulas, element by element.
torch::Tensor normalised(Train::RouteNormalization mode, const std::vector<Objective>& objectives,
                         const torch::Tensor& w) {
  std::vector<torch::Tensor> factors;
  for (size_t i = 0; i < objectives.size(); ++i) {
    double n = 0;
    auto sum = torch::zeros({}, torch::kFloat64);
    for (size_t j = 0; j < objectives.size(); ++j) {
      if (objectives[i].route != objectives[j].route) continue;
      ++n;
      sum = sum + w[int64_t(j)];
    }
    const auto own = w[int64_t(i)];
    factors.push_back(mode == Train::COUNT  ? own / n
                      : mode == Train::SUM  ? own / sum
                      : mode == Train::NONE ? own
                                            : sum / (n * n));
  }
  return torch::stack(factors);
}

// x - lr (momentum buffer + sum_i factor_i grad L_i + weight_decay x)
torch::Tensor virtual_step(const QuadraticProblem& problem, const StepContext& step,
                           const torch::Tensor& factors) {
  const auto x = problem.x().detach();
  auto change = factors.matmul(problem.training_gradients(step.index)) + problem.weight_decay * x;
  if (step.momentum.buffer.defined()) {
    change = change + problem.momentum * problem.packed(problem.buffer);
  }
  return x - problem.learning_rate * change;
}

// dL_val(theta'(w)) / dw, and what comes with it.
struct Exact {
  Exact(const QuadraticProblem& problem, const StepContext& step, Train::RouteNormalization mode,
        const std::vector<Objective>& running, double w = kInit) {
    const auto weights = uniform(int64_t(running.size()), w).requires_grad_();
    const auto factors = normalised(mode, running, step.coefficients * weights);
    const auto x = virtual_step(problem, step, factors);
    hypergradient = torch::autograd::grad({problem.validation_loss(x)}, {weights})[0];
    direction = problem.validation_gradient(x);
    eps = 0.01 / direction.norm().item<double>();
    // Sums of some hundred products lose at most so much of the losses, divided by 2 eps; a factor
    // changes by at most 1 / w with a weight.
    double largest = 0;
    for (const auto& loss : step.losses) {
      largest = std::max(largest, std::abs(loss.item<double>()));
    }
    rounding = 200 * std::numeric_limits<double>::epsilon() * largest * problem.learning_rate /
               (2 * eps) / w;
  }
  torch::Tensor hypergradient, direction;
  double eps, rounding;
};

// Adam's first moment after its first update is a tenth of the gradient.
torch::Tensor learned_gradient(const Weighting& weighting) {
  return weighting.state().at("exp_avg") / (1 - 0.9);
}

State copy_of(const Weighting& weighting) {
  State copy;
  for (const auto& [name, tensor] : weighting.state()) copy[name] = tensor.clone();
  return copy;
}

void expect_same(const State& a, const State& b) {
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [name, tensor] : a) EXPECT_TRUE(tensor.equal(b.at(name))) << name;
}

std::unique_ptr<Weighting> make(QuadraticProblem& problem, const std::string& options = "") {
  return testing::make<Weighting>("tasuki/AutoLambda", options, problem.context());
}

class AutoLambda : public ::testing::TestWithParam<Train::RouteNormalization> {
 protected:
  void SetUp() override { torch::manual_seed(5); }
};

// The losses are quadratic, so the central difference has no error but rounding.
TEST_P(AutoLambda, HypergradientOfQuadraticLossesIsExact) {
  for (const auto& objectives : {three_tasks(), three_tasks_with_transfers(),
                                 std::vector<Objective>{Objective::primary("seg")}}) {
    for (const std::string options : {"", "lagged: true"}) {
      for (const bool first_step : {false, true}) {
        QuadraticProblem problem(objectives);
        const auto weighting = make(problem, options);
        auto step = problem.step(GetParam());
        step.coefficients = torch::rand_like(step.coefficients) + 0.5;
        if (first_step) step.momentum.buffer = torch::Tensor();
        const Exact exact(problem, step, GetParam(), objectives);
        testing::take_step(*weighting, step);
        const auto learned = learned_gradient(*weighting);
        EXPECT_LT((learned - exact.hypergradient).abs().max().item<double>(), exact.rounding);
        EXPECT_GT(exact.direction.norm().item<double>(), 0.1);
      }
    }
  }
}

TEST_P(AutoLambda, TrainsWithTheNewWeightsAndReportsTheirFactors) {
  const auto objectives = three_tasks_with_transfers();
  QuadraticProblem problem(objectives);
  const auto weighting = make(problem, "lr: 0.02");
  for (int i = 0; i < 4; ++i) {
    auto step = problem.step(GetParam());
    step.coefficients = torch::rand_like(step.coefficients) + 0.5;
    const auto before = problem.parameters().values().detach().clone();
    const auto factors = torch::tensor(testing::take_step(*weighting, step), torch::kFloat64);
    const auto w = weighting->state().at("weights");
    EXPECT_TRUE(
        factors.allclose(normalised(GetParam(), objectives, step.coefficients * w), 1e-14, 1e-15));
    const auto expected = factors.matmul(problem.training_gradients(step.index));
    EXPECT_TRUE(problem.parameters().gradient().allclose(problem.flat(expected), 0, 1e-12));
    EXPECT_TRUE(problem.parameters().values().equal(before));
  }
}

INSTANTIATE_TEST_SUITE_P(Normalizations, AutoLambda,
                         ::testing::Values(Train::COUNT, Train::SUM, Train::MEAN_OVER_COUNT,
                                           Train::NONE),
                         [](const auto& info) {
                           return Train::RouteNormalization_Name(info.param);
                         });

class AutoLambdaStep : public ::testing::Test {
 protected:
  AutoLambdaStep() { torch::manual_seed(6); }
  double weight(const Weighting& weighting, int64_t i) const {
    return weighting.state().at("weights")[i].item<double>();
  }
  // "validation train train" of the last step
  std::string asked() const {
    std::string names;
    for (const auto& look : problem_.asked) names += (names.empty() ? "" : " ") + look.what;
    return names;
  }

  QuadraticProblem problem_{three_tasks_with_transfers()};
};

// The third derivative of a cubic is a constant: f(eps d) - f(-eps d) over 2 eps is off by exactly
// eps^2 / 6 D^3 L[d, d, d].
TEST_F(AutoLambdaStep, ErrorIsTheThirdOrderTermOfTheDifference) {
  problem_.cubic = 3;
  const auto weighting = make(problem_);
  auto step = problem_.step();
  const Exact exact(problem_, step, Train::NONE, three_tasks_with_transfers());
  testing::take_step(*weighting, step);
  const auto third = problem_.cubic * problem_.directions.mv(exact.direction).pow(3);
  const auto expected = -problem_.learning_rate * exact.eps * exact.eps / 6 * third;
  const auto error = learned_gradient(*weighting) - exact.hypergradient;
  EXPECT_LT((error - expected).abs().max().item<double>(), exact.rounding);
  EXPECT_GT(expected.abs().max().item<double>(), 100 * exact.rounding);
}

TEST_F(AutoLambdaStep, LookAheadsAreWhereThePaperHasThem) {
  const auto weighting = make(problem_);
  EXPECT_TRUE(weighting->needs().validation_batch);
  auto step = problem_.step(Train::COUNT);
  const Exact exact(problem_, step, Train::COUNT, three_tasks_with_transfers());
  const auto factors =
      normalised(Train::COUNT, three_tasks_with_transfers(), uniform(problem_.count(), kInit));
  const auto x = problem_.x().detach();
  const std::vector<torch::Tensor> expected = {virtual_step(problem_, step, factors),
                                               x + exact.eps * exact.direction,
                                               x - exact.eps * exact.direction};
  testing::take_step(*weighting, step);
  ASSERT_EQ(asked(), "validation train train");
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_TRUE(problem_.asked[i].x.allclose(expected[i], 0, 1e-12)) << i;
    EXPECT_EQ(problem_.asked[i].with_graph, i == 0);
    EXPECT_FALSE(problem_.asked[i].update_statistics);
  }
  // The training graph first and last, the validation's between.
  EXPECT_EQ(problem_.kept_graph, (std::vector<bool>{true, false, false}));
}

TEST_F(AutoLambdaStep, StatisticsAreUpdatedWhereAskedFor) {
  auto step = problem_.step();
  testing::take_step(*make(problem_, "update_statistics: true"), step);
  ASSERT_EQ(asked(), "validation train train");
  for (const auto& look : problem_.asked) EXPECT_TRUE(look.update_statistics);
}

TEST_F(AutoLambdaStep, AdamsFirstStepIsTheLearningRate) {
  const auto weighting = make(problem_);
  auto step = problem_.step();
  const Exact exact(problem_, step, Train::NONE, three_tasks_with_transfers());
  testing::take_step(*weighting, step);
  for (int64_t i = 0; i < problem_.count(); ++i) {
    const double gradient = exact.hypergradient[i].item<double>();
    // lr |g| / (|g| + eps)
    const double change = kRate * gradient / (std::abs(gradient) + 1e-8);
    EXPECT_NEAR(weight(*weighting, i), kInit - change, 1e-14);
    EXPECT_GT(std::abs(gradient), 1e-4);
  }
}

TEST_F(AutoLambdaStep, FollowsAdamAfterwards) {
  const auto weighting = make(problem_, "lr: 0.01");
  double mean = 0, square = 0, w = kInit;
  for (int t = 1; t <= 5; ++t) {
    const double before = weighting->state().at("exp_avg")[1].item<double>();
    auto step = problem_.step();
    testing::take_step(*weighting, step);
    const double gradient =
        (weighting->state().at("exp_avg")[1].item<double>() - 0.9 * before) / 0.1;
    mean = 0.9 * mean + 0.1 * gradient;
    square = 0.999 * square + 0.001 * gradient * gradient;
    w -= 0.01 * mean / (1 - std::pow(0.9, t)) /
         (std::sqrt(square / (1 - std::pow(0.999, t))) + 1e-8);
    EXPECT_NEAR(weight(*weighting, 1), w, 1e-12);
  }
}

// With forms of 1, even objectives pull to where validation does, odd ones the other way.
TEST_F(AutoLambdaStep, WeightsAreCutOffAtZeroAndCanComeBack) {
  const auto x = problem_.x().detach(), there = torch::randn_like(x), away = 2 * x - there;
  const auto one = torch::eye(QuadraticProblem::kSize, torch::kFloat64);
  problem_.train_forms.copy_(one.expand_as(problem_.train_forms));
  problem_.validation_forms.copy_(one.expand_as(problem_.validation_forms));
  problem_.validation_centers.copy_(there.expand_as(problem_.validation_centers));
  problem_.buffer.zero_();
  for (int64_t i = 0; i < problem_.count(); ++i) {
    problem_.train_centers[i] = i % 2 == 0 ? there : away;
  }
  const auto weighting = make(problem_, "init: 0.005 lr: 0.01");
  auto step = problem_.step();
  const auto factors = testing::take_step(*weighting, step);
  for (int64_t i = 0; i < problem_.count(); ++i) {
    EXPECT_NEAR(weight(*weighting, i), i % 2 == 0 ? 0.015 : 0, 1e-8);
    EXPECT_EQ(factors[size_t(i)], weight(*weighting, i));
  }
  EXPECT_EQ(weight(*weighting, 1), 0);
  problem_.validation_centers.copy_(away.expand_as(problem_.validation_centers));
  for (int i = 0; i < 40; ++i) {
    step = problem_.step();
    testing::take_step(*weighting, step);
    for (int64_t j = 0; j < problem_.count(); ++j) EXPECT_GE(weight(*weighting, j), 0);
  }
  EXPECT_GT(weight(*weighting, 1), 0.01);
  EXPECT_EQ(weight(*weighting, 0), 0);
}

// What is already best for validation gives no direction to try.
TEST_F(AutoLambdaStep, NoDirectionNoUpdate) {
  problem_.validation_forms.zero_();
  for (const std::string options : {"", "lagged: true"}) {
    const auto weighting = make(problem_, options);
    const auto before = copy_of(*weighting);
    auto step = problem_.step(Train::COUNT);
    const auto factors = torch::tensor(testing::take_step(*weighting, step), torch::kFloat64);
    expect_same(weighting->state(), before);
    EXPECT_EQ(asked(), "validation");
    const auto expected = factors.matmul(problem_.training_gradients(step.index));
    EXPECT_TRUE(problem_.parameters().gradient().allclose(problem_.flat(expected), 0, 1e-12));
  }
}

TEST_F(AutoLambdaStep, LaggedTrainsWithTheWeightsOfOneStepBefore) {
  const auto published = make(problem_), lagged = make(problem_, "lagged: true");
  std::vector<double> last(size_t(problem_.count()), kInit);
  for (int i = 0; i < 4; ++i) {
    // At the same parameters both learn the same, to the last bit.
    auto step = problem_.step();
    const auto learned = testing::take_step(*published, step);
    step = problem_.step();
    EXPECT_EQ(testing::take_step(*lagged, step), last);
    expect_same(lagged->state(), published->state());
    const auto gradient = problem_.parameters().gradient().clone();
    EXPECT_EQ(problem_.kept_graph, (std::vector<bool>{false, false}));
    // One walk of the loss weighted so, to the last bit.
    step = problem_.step();
    weighted_sum(step.losses, torch::tensor(last, torch::kFloat64)).backward();
    EXPECT_TRUE(problem_.parameters().gradient().equal(gradient));
    last = learned;
  }
}

TEST_F(AutoLambdaStep, LearnsInEveryKthStep) {
  for (const std::string order : {"", " lagged: true"}) {
    const auto weighting = make(problem_, "every: 3" + order);
    for (int64_t i = 0; i < 9; ++i) {
      const auto before = copy_of(*weighting);
      auto step = problem_.step();
      step.step = i;
      const auto factors = testing::take_step(*weighting, step);
      EXPECT_EQ(asked(), i % 3 == 0 ? "validation train train" : "") << i;
      if (i % 3 == 0) {
        EXPECT_FALSE(weighting->state().at("weights").equal(before.at("weights"))) << i;
        continue;
      }
      expect_same(weighting->state(), before);
      EXPECT_EQ(factors, to_vector(before.at("weights")));
      EXPECT_EQ(problem_.kept_graph, std::vector<bool>{false});
    }
  }
}

TEST_F(AutoLambdaStep, AnObjectiveThatDoesNotRunIsLeftAlone) {
  const auto weighting = make(problem_);
  auto all = problem_.step(Train::COUNT);
  testing::take_step(*weighting, all);
  const auto before = copy_of(*weighting);
  const std::vector<size_t> index = {0, 1, 2, 4};
  for (int i = 0; i < 3; ++i) {
    auto some = problem_.step(Train::COUNT, index);
    const auto factors = torch::tensor(testing::take_step(*weighting, some), torch::kFloat64);
    const auto w = weighting->state().at("weights").index_select(0, torch::tensor({0, 1, 2, 4}));
    EXPECT_TRUE(
        factors.allclose(normalised(Train::COUNT, at(three_tasks_with_transfers(), index), w)));
  }
  for (const auto& [name, tensor] : weighting->state()) {
    for (const int64_t i : {3, 5}) EXPECT_TRUE(tensor[i].equal(before.at(name)[i])) << name;
    for (const int64_t i : {0, 4}) EXPECT_FALSE(tensor[i].equal(before.at(name)[i])) << name;
  }
}

TEST_F(AutoLambdaStep, GoesOnFromItsStateToTheLastBit) {
  for (const std::string options : {"lr: 0.01", "lr: 0.01 lagged: true", "lr: 0.01 every: 2"}) {
    const auto whole = make(problem_, options), other = make(problem_, options + " init: 3");
    const auto step = [&](Weighting& weighting, int64_t i) {
      auto step = problem_.step(Train::COUNT);
      step.step = i;
      return testing::take_step(weighting, step);
    };
    for (int64_t i = 0; i < 3; ++i) step(*whole, i);
    other->load_state(whole->state());
    for (int64_t i = 3; i < 6; ++i) {
      const auto expected = step(*whole, i);
      const auto gradient = problem_.parameters().gradient().clone();
      EXPECT_EQ(step(*other, i), expected);
      EXPECT_TRUE(problem_.parameters().gradient().equal(gradient));
    }
    expect_same(other->state(), whole->state());
  }
}

TEST_F(AutoLambdaStep, RefusesTheStateOfOtherObjectives) {
  QuadraticProblem three(three_tasks());
  EXPECT_THROW(make(three)->load_state(make(problem_)->state()), Error);
}

TEST_F(AutoLambdaStep, ALookAheadThatThrowsLeavesTheParametersAsTheyWere) {
  for (const std::string options : {"", "lagged: true"}) {
    const auto weighting = make(problem_, options);
    const auto before = copy_of(*weighting);
    const auto values = problem_.parameters().values().detach().clone();
    for (problem_.throw_at = 0; problem_.throw_at < 3; ++problem_.throw_at) {
      auto step = problem_.step();
      EXPECT_THROW(testing::take_step(*weighting, step), std::runtime_error);
      EXPECT_EQ(int(problem_.asked.size()), problem_.throw_at + 1);
      EXPECT_FALSE(problem_.asked.back().x.equal(problem_.x()));
      EXPECT_TRUE(problem_.parameters().values().equal(values));
      expect_same(weighting->state(), before);
    }
    problem_.throw_at = -1;
  }
}

TEST_F(AutoLambdaStep, LossesThatAreNotFiniteStopTheRun) {
  const auto values = problem_.parameters().values().detach().clone();
  const auto weighting = make(problem_);
  const auto before = copy_of(*weighting);
  for (const std::string what : {"validation", "train"}) {
    problem_.poisoned = what;
    auto step = problem_.step();
    step.epoch = 1;
    step.step = 6;
    try {
      testing::take_step(*weighting, step);
      FAIL() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kRun);
      EXPECT_THAT(error.what(), HasSubstr("epoch 2, step 7; lower the learning rate"));
    }
    EXPECT_EQ(problem_.asked.back().what, what);
    EXPECT_TRUE(problem_.parameters().values().equal(values));
    expect_same(weighting->state(), before);
  }
}

TEST_F(AutoLambdaStep, RefusesOptionsOutOfRange) {
  const auto field = [&](const std::string& options) {
    try {
      make(problem_, options);
    } catch (const OptionError& error) {
      return error.field();
    }
    return std::string("nothing refused");
  };
  for (const std::string value : {"0", "-1", "inf", "nan"}) {
    EXPECT_EQ(field("init: " + value), "init");
    EXPECT_EQ(field("lr: " + value), "lr");
  }
  EXPECT_EQ(field("every: 0"), "every");
}

}  // namespace
}  // namespace tasuki
