#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/plugins/weightings/linear_step.h"

namespace tasuki {
namespace {

using testing::LinearProblem;
using Values = std::vector<double>;

auto near(const Values& expected) {
  return ::testing::Pointwise(::testing::DoubleNear(1e-12), expected);
}

// DWA on steps whose losses the test chooses.
struct Averages {
  explicit Averages(const std::vector<Objective>& objectives = testing::three_tasks(),
                    const std::string& options = "")
      : problem(objectives),
        weighting(testing::make<Weighting>("tasuki/DWA", options, problem.context())) {}

  // The factors of a step in `epoch` of the objectives at `index` (all when empty).
  Values step(int64_t epoch, const Values& losses, const std::vector<size_t>& index = {},
              Train::RouteNormalization mode = Train::NONE) {
    auto step = problem.step(mode, index);
    step.epoch = epoch;
    for (size_t i = 0; i < losses.size(); ++i) {
      step.losses[i] = step.losses[i] + (losses[i] - step.losses[i].detach());
    }
    return testing::take_step(*weighting, step);
  }

  LinearProblem problem;
  std::unique_ptr<Weighting> weighting;
};

const Values kEqual(3, 1.0);

// n softmax(ratios / T)
Values softmax(const Values& ratios, double temperature = 2) {
  double sum = 0;
  Values weights;
  for (const double ratio : ratios) sum += std::exp(ratio / temperature);
  for (const double ratio : ratios) {
    weights.push_back(double(ratios.size()) * std::exp(ratio / temperature) / sum);
  }
  return weights;
}

TEST(DWA, WeightsByHand) {
  Averages dwa({Objective::primary("seg"), Objective::primary("depth")});
  EXPECT_FALSE(dwa.weighting->needs().validation_batch);
  EXPECT_EQ(dwa.step(0, {4, 1}), (Values{1, 1}));
  EXPECT_EQ(dwa.step(0, {2, 1}), (Values{1, 1}));  // means 3 and 1
  EXPECT_EQ(dwa.step(1, {2, 1}), (Values{1, 1}));
  EXPECT_EQ(dwa.step(1, {1, 1}), (Values{1, 1}));  // means 1.5 and 1: ratios 0.5 and 1
  // 2 exp(0.25) / (exp(0.25) + exp(0.5)), and 2 minus it
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(dwa.step(2, {1.5, 9}), near({0.8756469982284039, 1.1243530017715961}));
  }
  // Ratios 1 and 9.
  EXPECT_THAT(dwa.step(3, {1, 1}), near(softmax({1, 9})));
  // Ratios 2/3 and 1/9.
  EXPECT_THAT(dwa.step(4, {1, 1}), near(softmax({2.0 / 3, 1.0 / 9})));
}

TEST(DWA, TemperatureIsAnOption) {
  Averages dwa(testing::three_tasks(), "temperature: 0.5");
  dwa.step(0, {1, 2, 4});
  dwa.step(1, {2, 2, 1});
  EXPECT_THAT(dwa.step(2, {1, 1, 1}), near(softmax({2, 1, 0.25}, 0.5)));
}

TEST(DWA, WeightsSumToTheNumberThatRuns) {
  torch::manual_seed(2);
  Averages dwa(testing::three_tasks_with_transfers());
  for (int64_t epoch = 0; epoch < 5; ++epoch) {
    const auto draw = to_vector(torch::rand({6}) + 0.1);
    const auto all = dwa.step(epoch, draw);
    EXPECT_NEAR(std::accumulate(all.begin(), all.end(), 0.0), 6, 1e-12);
    const auto some = dwa.step(epoch, {draw.begin(), draw.begin() + 4}, {0, 1, 3, 5});
    EXPECT_NEAR(std::accumulate(some.begin(), some.end(), 0.0), 4, 1e-12);
  }
}

TEST(DWA, GradientIsThatOfTheWeightedLosses) {
  torch::manual_seed(3);
  Averages dwa;
  for (int64_t epoch = 0; epoch < 4; ++epoch) {
    const auto factors = dwa.step(epoch, to_vector(torch::rand({3}) + 0.1));
    const auto expected = torch::tensor(factors, torch::kFloat64).matmul(dwa.problem.rows());
    EXPECT_TRUE(dwa.problem.gradient().allclose(expected, 0, 1e-12));
    EXPECT_EQ(dwa.problem.kept_graph, std::vector<bool>{false});
  }
}

TEST(DWA, FactorsAreNormalisedByRoute) {
  Averages dwa({Objective::primary("seg"), Objective::transfer("depth", "seg")});
  dwa.step(0, {1, 1});
  dwa.step(1, {1, 3});
  auto expected = softmax({1, 3});
  for (double& weight : expected) weight /= 2;
  EXPECT_THAT(dwa.step(2, {1, 1}, {}, Train::COUNT), near(expected));
}

TEST(DWA, OneObjectiveAlwaysHasTheWeightOne) {
  Averages dwa({Objective::primary("seg")});
  for (int64_t epoch = 0; epoch < 4; ++epoch) {
    EXPECT_EQ(dwa.step(epoch, {std::pow(7.0, double(epoch))}), Values{1});
  }
}

TEST(DWA, WithoutHistoryTheRatioIsOne) {
  Averages dwa;
  dwa.step(0, {1, 1, 0});
  dwa.step(1, {2, 1}, {0, 2});
  // depth did not run in epoch 1, normal's loss was 0 in epoch 0.
  EXPECT_THAT(dwa.step(2, {2, 3, 4}), near(softmax({2, 1, 1})));
  // depth lacks epoch 1.
  EXPECT_THAT(dwa.step(3, {1, 1, 1}), near(softmax({1, 1, 4})));
  EXPECT_THAT(dwa.step(4, {1, 1, 1}), near(softmax({0.5, 1.0 / 3, 0.25})));
  // A gap of two epochs leaves nobody with a history.
  EXPECT_EQ(dwa.step(7, {1, 1, 1}), kEqual);
}

// A loss that explodes takes all the weight, without an overflow.
TEST(DWA, LargeRatiosStayFinite) {
  Averages dwa;
  dwa.step(0, {1e-9, 1, 1});
  dwa.step(1, {1e9, 1, 1});
  EXPECT_THAT(dwa.step(2, {1, 1, 1}), near({3, 0, 0}));
}

TEST(DWA, GoesOnFromItsStateToTheLastBit) {
  torch::manual_seed(4);
  std::vector<Values> losses;
  for (int i = 0; i < 12; ++i) losses.push_back(to_vector(torch::rand({3}) + 0.1));
  // Three steps an epoch; stopped at the end of an epoch, and within one.
  for (const size_t stop : {0, 3, 6, 9, 10}) {
    Averages whole, other;
    const auto step = [&](Averages& dwa, size_t i) { return dwa.step(int64_t(i) / 3, losses[i]); };
    for (size_t i = 0; i < stop; ++i) step(whole, i);
    other.weighting->load_state(whole.weighting->state());
    for (size_t i = stop; i < losses.size(); ++i) EXPECT_EQ(step(other, i), step(whole, i));
    for (const auto& [name, tensor] : whole.weighting->state()) {
      EXPECT_TRUE(tensor.equal(other.weighting->state().at(name))) << name;
    }
  }
}

TEST(DWA, RefusesTheStateOfOtherObjectives) {
  Averages three, two({Objective::primary("seg"), Objective::primary("depth")});
  EXPECT_THROW(two.weighting->load_state(three.weighting->state()), Error);
}

TEST(DWA, RefusesATemperatureThatIsNotAboveZero) {
  for (const std::string value : {"0", "-2", "inf", "nan"}) {
    try {
      Averages dwa(testing::three_tasks(), "temperature: " + value);
      FAIL() << "no error";
    } catch (const OptionError& error) {
      EXPECT_EQ(error.field(), "temperature");
    }
  }
}

}  // namespace
}  // namespace tasuki
