#include "tasuki/report/axis.h"

#include <gtest/gtest.h>

#include <cmath>

namespace tasuki::report {
namespace {

void expect_near(const std::vector<double>& values, const std::vector<double>& expected) {
  ASSERT_EQ(values.size(), expected.size());
  for (size_t i = 0; i < values.size(); ++i) {
    EXPECT_NEAR(values[i], expected[i], 1e-9 * std::abs(expected[i])) << i;
  }
}

TEST(TickStep, IsTheSmallestOneTwoOrFive) {
  EXPECT_DOUBLE_EQ(tick_step(1, 5), 0.2);
  EXPECT_DOUBLE_EQ(tick_step(10, 5), 2);
  EXPECT_DOUBLE_EQ(tick_step(11, 5), 5);
  EXPECT_DOUBLE_EQ(tick_step(26, 5), 10);
  EXPECT_DOUBLE_EQ(tick_step(3e-7, 3), 1e-7);
}

TEST(TickStep, IsAOneTwoFiveThatGivesAtMostSoManyStepsForEverySpan) {
  for (double span = 1e-8; span < 1e9; span *= 1.37) {
    for (const int most : {3, 5, 8}) {
      const double step = tick_step(span, most);
      const double mantissa = step / std::pow(10., std::floor(std::log10(step) + 1e-9));
      EXPECT_NEAR(
          std::min({std::abs(mantissa - 1), std::abs(mantissa - 2), std::abs(mantissa - 5)}), 0,
          1e-6);
      EXPECT_LE(span / step, most + 1e-6);
      EXPECT_GT(span / step, most / 2.5 - 1e-6) << "a smaller step would have done";
    }
  }
}

TEST(ValueAxis, RoundsOutwardAndStartsFromZeroWhereThatIsNear) {
  const Axis axis = value_axis(0.21, 0.93);
  EXPECT_EQ(axis.low, 0);
  EXPECT_DOUBLE_EQ(axis.high, 1);
  expect_near(axis.ticks, {0, 0.2, 0.4, 0.6, 0.8, 1});
  EXPECT_EQ(axis.label(axis.ticks[3]), "0.6");
  EXPECT_GT(value_axis(25, 31).low, 20);
  expect_near(value_axis(-3, 7).ticks, {-4, -2, 0, 2, 4, 6, 8});
}

TEST(ValueAxis, GivesRoomToOneValue) {
  for (const double value : {0., 5., -2., 1e-30, 1e90}) {
    const Axis axis = value_axis(value, value);
    EXPECT_LT(axis.low, axis.high);
    EXPECT_GE(axis.position(value), 0) << value;
    EXPECT_LE(axis.position(value), 1) << value;
    EXPECT_GE(axis.ticks.size(), 2u);
  }
}

TEST(ValueAxis, HoldsTheRangeAndFewTicksForManyRanges) {
  for (double low = -1000; low < 1000; low += 37.3) {
    for (double span = 1e-3; span < 1e5; span *= 3.1) {
      const Axis axis = value_axis(low, low + span);
      EXPECT_GE(axis.position(low), -1e-6);
      EXPECT_LE(axis.position(low + span), 1 + 1e-6);
      EXPECT_GE(axis.ticks.size(), 3u);
      EXPECT_LE(axis.ticks.size(), 8u);
    }
  }
}

TEST(LogAxis, TicksAreOneTwoFiveOrPowersOfTen) {
  expect_near(log_axis(0.3, 4).ticks, {0.2, 0.5, 1, 2, 5});
  expect_near(log_axis(1e-5, 0.1).ticks, {1e-5, 1e-4, 1e-3, 1e-2, 0.1});
  EXPECT_LE(log_axis(1e-90, 1e90).ticks.size(), 8u);
  EXPECT_NEAR(log_axis(1, 100).position(10), 0.5, 1e-12);
  const Axis one = log_axis(3, 3);
  EXPECT_LT(one.low, 3);
  EXPECT_GT(one.high, 3);
}

TEST(ProgressAxis, KeepsTheRangeAndHasWholeTicks) {
  const Axis axis = progress_axis(0.25, 19.75);
  EXPECT_EQ(axis.low, 0.25);
  EXPECT_EQ(axis.high, 19.75);
  expect_near(axis.ticks, {5, 10, 15});
  expect_near(progress_axis(0, 2).ticks, {0, 1, 2});
  expect_near(progress_axis(7, 7).ticks, {7});
}

}  // namespace
}  // namespace tasuki::report
