#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "tasuki/engine/optimizer.h"
#include "tests/pipelines/plugin.h"

namespace tasuki {
namespace {

constexpr int64_t kStepsPerEpoch = 10;
constexpr int64_t kSteps = 200;

std::unique_ptr<Schedule> make(const std::string& name, const std::string& options) {
  return testing::make<Schedule>(name, options, {kStepsPerEpoch, kSteps});
}

void expect_factors(const std::string& name, const std::string& options,
                    const std::function<double(double)>& expected) {
  const auto schedule = make(name, options);
  for (int64_t step = 0; step < kSteps; ++step) {
    EXPECT_NEAR(schedule->factor(step), expected(double(step)), 1e-12)
        << name << " { " << options << " } step " << step;
  }
}

TEST(Schedules, ClosedForms) {
  expect_factors("tasuki/Constant", "", [](double) { return 1; });
  expect_factors("tasuki/Cosine", "",
                 [](double s) { return (1 + std::cos(M_PI * s / kSteps)) / 2; });
  expect_factors("tasuki/Cosine", "min_factor: 0.2",
                 [](double s) { return 0.2 + 0.8 * (1 + std::cos(M_PI * s / kSteps)) / 2; });
  expect_factors("tasuki/Polynomial", "", [](double s) { return std::pow(1 - s / kSteps, 0.9); });
  expect_factors("tasuki/Polynomial", "power: 2 min_factor: 0.3",
                 [](double s) { return std::max(0.3, std::pow(1 - s / kSteps, 2)); });
  expect_factors("tasuki/Exponential", "",
                 [](double s) { return std::pow(0.97, s / kStepsPerEpoch); });
  expect_factors("tasuki/Step", "gamma: 0.5 every: 3",
                 [](double s) { return std::pow(0.5, std::floor(s / 30)); });
  expect_factors("tasuki/Step", "epoch: [2, 5]", [](double s) {
    return s < 20 ? 1 : s < 50 ? 0.1 : 0.01;
  });
}

TEST(Schedules, LinearGoesFromOneFactorToTheOther) {
  expect_factors("tasuki/Linear", "", [](double s) { return 0.001 + 0.999 * s / kSteps; });
  expect_factors("tasuki/Linear", "from: 1 to: 0.25",
                 [](double s) { return 1 - 0.75 * s / kSteps; });
}

TEST(Schedules, CosineRestartsBeginAnewWithLongerCyclesAndLowerPeaks) {
  const auto wave = [](double share) { return (1 + std::cos(M_PI * share)) / 2; };
  expect_factors("tasuki/CosineRestarts", "first: 4",
                 [&](double s) { return wave(std::fmod(s, 40) / 40); });
  // Cycles of 2, 4, 8, ... epochs of 10 steps: they begin at 0, 20, 60, 140.
  expect_factors("tasuki/CosineRestarts", "first: 2 multiplier: 2 min_factor: 0.1 decay: 0.5",
                 [&](double s) {
                   const double begin = s < 20 ? 0 : s < 60 ? 20 : s < 140 ? 60 : 140;
                   const double length = s < 20 ? 20 : s < 60 ? 40 : s < 140 ? 80 : 160;
                   const double peak = s < 20 ? 1 : s < 60 ? 0.5 : s < 140 ? 0.25 : 0.125;
                   return 0.1 + (peak - 0.1) * wave((s - begin) / length);
                 });
}

TEST(Schedules, RestartedPeaksStayAboveTheLeastFactor) {
  expect_factors("tasuki/CosineRestarts", "first: 1 min_factor: 0.5 decay: 0.1", [](double s) {
    return s < 10 ? 0.5 + 0.25 * (1 + std::cos(M_PI * s / 10)) : 0.5;
  });
}

// Of torch.optim.lr_scheduler.OneCycleLR(total_steps=200, pct_start=0.3, ...), PyTorch 2.13.0, with
// max_lr 1.
TEST(Schedules, OneCycleIsThatOfPyTorch) {
  const auto cosine = make("tasuki/OneCycle", "");
  const auto linear =
      make("tasuki/OneCycle", "anneal: LINEAR rise: 0.25 start_divisor: 10 end_divisor: 100");
  struct Row {
    int64_t step;
    double cosine, linear;
  };
  for (const auto& [step, of_cosine, of_linear] :
       {Row{0, 0.040000000000000036, 0.10000000000000001},
        Row{1, 0.040680306075154382, 0.11836734693877551},
        Row{30, 0.53277785029013192, 0.65102040816326534},
        Row{58, 0.99931969392484576, 0.94006000000000001}, Row{59, 1, 0.93340000000000001},
        Row{60, 0.99987411797478343, 0.92674000000000001},
        Row{100, 0.80289581034032231, 0.66033999999999993},
        Row{150, 0.27300765811122613, 0.32733999999999996},
        Row{198, 0.00012988202521661967, 0.0076600000000000001},
        Row{199, 3.9999999999999998e-06, 0.0010000000000000009}}) {
    EXPECT_NEAR(cosine->factor(step), of_cosine, 1e-14) << step;
    EXPECT_NEAR(linear->factor(step), of_linear, 1e-14) << step;
  }
}

TEST(Schedules, PiecesOfASequenceFollowEachOther) {
  expect_factors("tasuki/Sequence",
                 "piece { end: 20 by: STEP schedule { [tasuki/Linear] { from: 0.5 } } }"
                 "piece { end: 8 schedule { [tasuki/Constant] {} } }"
                 "piece { schedule { [tasuki/Cosine] { min_factor: 0.2 } } }",
                 [](double s) {
                   if (s < 20) return 0.5 + 0.5 * s / 20;
                   if (s < 80) return 1.0;
                   return 0.2 + 0.8 * (1 + std::cos(M_PI * (s - 80) / 120)) / 2;
                 });
}

TEST(Schedules, EpochsOfAPieceAreCountedFromItsBeginning) {
  expect_factors("tasuki/Sequence",
                 "piece { end: 5 schedule { [tasuki/Constant] {} } }"
                 "piece { schedule { [tasuki/Step] { gamma: 0.5 every: 2 } } }",
                 [](double s) { return s < 50 ? 1 : std::pow(0.5, std::floor((s - 50) / 20)); });
}

TEST(Schedules, ARunMayEndBeforeTheLastPieceBegins) {
  const auto schedule = testing::make<Schedule>("tasuki/Sequence",
                                                "piece { end: 50 schedule { [tasuki/Constant] {} } "
                                                "} piece { schedule { [tasuki/Cosine] {} } }",
                                                {kStepsPerEpoch, kSteps});
  for (int64_t step = 0; step < kSteps; ++step) EXPECT_EQ(schedule->factor(step), 1);
}

TEST(Schedules, StayWhereTheyEndBeyondTheRun) {
  EXPECT_NEAR(make("tasuki/Cosine", "min_factor: 0.1")->factor(kSteps + 50), 0.1, 1e-12);
  EXPECT_NEAR(make("tasuki/Polynomial", "")->factor(kSteps + 50), 0, 1e-12);
}

TEST(Schedules, RefuseOptionsOutOfRange) {
  const auto field = [](const std::string& name, const std::string& options) {
    try {
      make(name, options);
    } catch (const OptionError& error) {
      return error.field();
    }
    return std::string("nothing refused");
  };
  EXPECT_EQ(field("tasuki/Cosine", "min_factor: -0.1"), "min_factor");
  EXPECT_EQ(field("tasuki/Polynomial", "min_factor: 1.5"), "min_factor");
  EXPECT_EQ(field("tasuki/Polynomial", "power: 0"), "power");
  EXPECT_EQ(field("tasuki/Polynomial", "power: nan"), "power");
  EXPECT_EQ(field("tasuki/Step", "gamma: 0"), "gamma");
  EXPECT_EQ(field("tasuki/Step", "every: 0"), "every");
  EXPECT_EQ(field("tasuki/Step", "every: 3 epoch: 4"), "every");
  EXPECT_EQ(field("tasuki/Step", "epoch: [5, 2]"), "epoch");
  EXPECT_EQ(field("tasuki/Exponential", "gamma: 1.01"), "gamma");
  EXPECT_EQ(field("tasuki/Linear", "from: -1"), "from");
  EXPECT_EQ(field("tasuki/Linear", "to: inf"), "to");
  EXPECT_EQ(field("tasuki/CosineRestarts", "first: 0"), "first");
  EXPECT_EQ(field("tasuki/CosineRestarts", "multiplier: 0"), "multiplier");
  EXPECT_EQ(field("tasuki/CosineRestarts", "decay: 0"), "decay");
  EXPECT_EQ(field("tasuki/CosineRestarts", "min_factor: 2"), "min_factor");
  EXPECT_EQ(field("tasuki/OneCycle", "rise: 1.5"), "rise");
  EXPECT_EQ(field("tasuki/OneCycle", "start_divisor: 0.5"), "start_divisor");
  EXPECT_EQ(field("tasuki/OneCycle", "end_divisor: nan"), "end_divisor");
  EXPECT_EQ(field("tasuki/Sequence", ""), "piece");
  const std::string constant = "schedule { [tasuki/Constant] {} }";
  EXPECT_EQ(field("tasuki/Sequence", "piece { end: 3 " + constant + " }"), "piece[0].end");
  EXPECT_EQ(field("tasuki/Sequence", "piece { " + constant + " } piece { " + constant + " }"),
            "piece[0].end");
  EXPECT_EQ(field("tasuki/Sequence", "piece { end: 3 " + constant + " } piece { end: 3 " +
                                         constant + " } piece { " + constant + " }"),
            "piece[1].end");
  EXPECT_EQ(field("tasuki/Sequence", "piece {}"), "piece[0].schedule");
  EXPECT_EQ(field("tasuki/Sequence", "piece { schedule { [tasuki/Step] { gamma: 2 } } }"),
            "piece[0].schedule.gamma");
}

}  // namespace
}  // namespace tasuki
