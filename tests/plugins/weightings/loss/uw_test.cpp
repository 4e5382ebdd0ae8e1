#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/plugins/weightings/linear_step.h"

namespace tasuki {
namespace {

using ::testing::HasSubstr;
using testing::LinearProblem;

constexpr double kRate = 0.1;  // of LinearProblem's steps

// UW on losses of 3, 4, ... 5, its log variances trained by SGD with these options.
struct Uncertainty {
  explicit Uncertainty(const std::vector<Objective>& objectives,
                       const std::string& sgd = "momentum: 0 weight_decay: 0",
                       const std::string& options = "")
      : problem(objectives) {
    problem.set_rows(torch::zeros_like(problem.rows()));
    auto context = problem.context();
    context.make_optimizer = [sgd](const Optimizer::Context& own) {
      return testing::make<Optimizer>("tasuki/SGD", sgd, own);
    };
    weighting = testing::make<Weighting>("tasuki/UW", options, context);
  }
  std::vector<double> step(Train::RouteNormalization mode = Train::NONE,
                           const std::vector<size_t>& index = {}) {
    auto step = problem.step(mode, index);
    return testing::take_step(*weighting, step);
  }
  double log_variance(const std::string& objective) const {
    return weighting->state().at(objective + ".log_variance").item<double>();
  }
  // What belongs to one objective.
  std::map<std::string, torch::Tensor> state_of(const std::string& objective) const {
    std::map<std::string, torch::Tensor> own;
    for (const auto& [name, tensor] : weighting->state()) {
      if (name.starts_with(objective + ".")) own[name] = tensor.clone();
    }
    return own;
  }

  LinearProblem problem;
  std::unique_ptr<Weighting> weighting;
};

void expect_same(const std::map<std::string, torch::Tensor>& a,
                 const std::map<std::string, torch::Tensor>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [name, tensor] : a) EXPECT_TRUE(tensor.equal(b.at(name))) << name;
}

TEST(UW, FirstStepByHand) {
  Uncertainty uw(testing::three_tasks());
  EXPECT_FALSE(uw.weighting->needs().validation_batch);
  // exp(0.5) / 2; s - 0.1 (1/2 - w L) with L = 3, 4, 5
  for (const double factor : uw.step()) EXPECT_NEAR(factor, 0.8243606353500641, 1e-15);
  EXPECT_NEAR(uw.log_variance("seg"), -0.3026918093949808, 1e-14);
  EXPECT_NEAR(uw.log_variance("depth"), -0.2202557458599744, 1e-14);
  EXPECT_NEAR(uw.log_variance("normal"), -0.137819682324968, 1e-14);
}

TEST(UW, GradientIsThatOfTheWeightedLosses) {
  torch::manual_seed(1);
  LinearProblem problem(testing::three_tasks_with_transfers());
  const auto weighting = testing::make<Weighting>("tasuki/UW", "", problem.context());
  for (int i = 0; i < 3; ++i) {
    auto step = problem.step(Train::COUNT);
    const auto factors = torch::tensor(testing::take_step(*weighting, step), torch::kFloat64);
    EXPECT_TRUE(problem.gradient().allclose(factors.matmul(problem.rows()), 0, 1e-12));
    EXPECT_EQ(problem.kept_graph, std::vector<bool>{false});
  }
}

TEST(UW, VariancesSettleAtTheLosses) {
  Uncertainty uw(testing::three_tasks());
  for (int i = 0; i < 1000; ++i) uw.step();
  const auto factors = uw.step();
  for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(factors[i] * double(3 + i), 0.5, 1e-12);
  EXPECT_NEAR(uw.log_variance("depth"), std::log(4), 1e-12);
}

TEST(UW, OneObjective) {
  Uncertainty uw({Objective::primary("seg")}, "momentum: 0 weight_decay: 0", "init: 0");
  EXPECT_EQ(uw.step(), std::vector<double>{0.5});
  EXPECT_NEAR(uw.log_variance("seg"), -kRate * (0.5 - 0.5 * 3), 1e-15);
}

// The route of seg has two objectives: its own with L = 3 and c = 1, an auxiliary with L = 5 and
// c = 0.4.
class UWOnARoute : public ::testing::Test {
 protected:
  std::vector<double> step(Train::RouteNormalization mode) {
    auto step = uw_.problem.step(mode);
    step.coefficients = torch::tensor({1.0, 0.4}, torch::kFloat64);
    return testing::take_step(*uw_.weighting, step);
  }
  void expect_gradients(double seg, double transfer) const {
    EXPECT_NEAR(uw_.log_variance("seg"), -0.5 - kRate * seg, 1e-14);
    EXPECT_NEAR(uw_.log_variance("depth->seg"), -0.5 - kRate * transfer, 1e-14);
  }

  Uncertainty uw_{{Objective::primary("seg"), Objective::transfer("depth", "seg")}};
  const double w_ = std::exp(0.5) / 2;
};

TEST_F(UWOnARoute, CountDividesTheFactorAndNotTheAdditiveTerm) {
  EXPECT_THAT(step(Train::COUNT), ::testing::Pointwise(::testing::DoubleEq(),
                                                       std::vector<double>{w_ / 2, 0.4 * w_ / 2}));
  expect_gradients(0.5 - w_ / 2 * 3, 0.4 * 0.5 - 0.4 * w_ / 2 * 5);
}

TEST_F(UWOnARoute, TheGradientGoesThroughTheMean) {
  const double factor = 1.4 * w_ / 4;
  for (const double value : step(Train::MEAN_OVER_COUNT)) EXPECT_DOUBLE_EQ(value, factor);
  expect_gradients(0.5 - w_ / 4 * (3 + 5), 0.4 * 0.5 - 0.4 * w_ / 4 * (3 + 5));
}

// The coefficient is a factor of the whole term: it does not change where s settles.
TEST_F(UWOnARoute, CoefficientsAreNotLearnedAway) {
  for (int i = 0; i < 3000; ++i) step(Train::NONE);
  EXPECT_NEAR(uw_.log_variance("depth->seg"), std::log(5), 1e-12);
  EXPECT_NEAR(step(Train::NONE)[1] * 5, 0.4 / 2, 1e-12);
}

TEST(UW, RefusesToLoseTheScale) {
  auto context = LinearProblem(testing::three_tasks()).context();
  context.route_normalization = Train::SUM;
  try {
    testing::make<Weighting>("tasuki/UW", "", context);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_THAT(error.what(), HasSubstr("train.route_normalization: SUM"));
    EXPECT_THAT(error.what(), HasSubstr("choose COUNT"));
  }
}

TEST(UW, AnObjectiveThatDoesNotRunIsLeftAlone) {
  for (const std::string optimizer : {"momentum: 0.9 weight_decay: 0.1", ""}) {
    Uncertainty uw(testing::three_tasks(), optimizer);
    for (int i = 0; i < 3; ++i) uw.step();
    const auto depth = uw.state_of("depth"), seg = uw.state_of("seg");
    EXPECT_EQ(depth.size(), 2u);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(uw.step(Train::NONE, {0, 2}).size(), 2u);
    expect_same(uw.state_of("depth"), depth);
    EXPECT_FALSE(uw.state_of("seg").at("seg.log_variance").equal(seg.at("seg.log_variance")));
  }
}

TEST(UW, GoesOnFromItsStateToTheLastBit) {
  for (const int before : {0, 1, 4}) {
    Uncertainty whole(testing::three_tasks(), ""), other(testing::three_tasks(), "", "init: 2");
    for (int i = 0; i < before; ++i) whole.step();
    other.weighting->load_state(whole.weighting->state());
    for (int i = 0; i < 3; ++i) EXPECT_EQ(other.step(), whole.step());
    expect_same(other.weighting->state(), whole.weighting->state());
  }
}

TEST(UW, RefusesTheStateOfOtherObjectives) {
  Uncertainty three(testing::three_tasks()), edge({Objective::primary("edge")}),
      seg({Objective::primary("seg")});
  for (auto* other : {&edge, &seg}) {
    EXPECT_THROW(other->weighting->load_state(three.weighting->state()), Error);
    EXPECT_THROW(three.weighting->load_state(other->weighting->state()), Error);
  }
}

TEST(UW, RefusesAnInfiniteStart) {
  for (const std::string value : {"inf", "nan"}) {
    try {
      Uncertainty uw(testing::three_tasks(), "", "init: " + value);
      FAIL() << "no error";
    } catch (const OptionError& error) {
      EXPECT_EQ(error.field(), "init");
    }
  }
}

}  // namespace
}  // namespace tasuki
