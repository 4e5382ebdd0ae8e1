#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "core/engine/optimizer.h"
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
}

}  // namespace
}  // namespace tasuki
