#include "tasuki/model/coefficient.h"

#include <gtest/gtest.h>

namespace tasuki {
namespace {

using Decay = CoefficientSchedule::Decay;

TEST(CoefficientSchedule, IsOneByDefault) {
  const CoefficientSchedule schedule;
  for (const int64_t epoch : {0, 1, 1000000}) EXPECT_EQ(schedule.at(epoch), 1);
}

TEST(CoefficientSchedule, WarmsUpInEqualStepsAndNeverStartsAtZero) {
  const CoefficientSchedule schedule{.value = 2, .warmup_epochs = 3};
  EXPECT_DOUBLE_EQ(schedule.at(0), 0.5);
  EXPECT_DOUBLE_EQ(schedule.at(1), 1.0);
  EXPECT_DOUBLE_EQ(schedule.at(2), 1.5);
  EXPECT_DOUBLE_EQ(schedule.at(3), 2.0);
  EXPECT_DOUBLE_EQ(schedule.at(9), 2.0);
}

TEST(CoefficientSchedule, DecaysAlongALine) {
  const CoefficientSchedule schedule{.decay = Decay::kLinear, .decay_from = 2, .decay_to = 6};
  EXPECT_EQ(schedule.at(0), 1);
  EXPECT_EQ(schedule.at(2), 1);
  EXPECT_DOUBLE_EQ(schedule.at(3), 0.75);
  EXPECT_DOUBLE_EQ(schedule.at(5), 0.25);
  EXPECT_EQ(schedule.at(6), 0);
  EXPECT_EQ(schedule.at(60), 0);
}

TEST(CoefficientSchedule, DecaysAlongHalfACosine) {
  const CoefficientSchedule schedule{.decay = Decay::kCosine, .decay_from = 0, .decay_to = 4};
  EXPECT_EQ(schedule.at(0), 1);
  EXPECT_NEAR(schedule.at(1), 0.8535533905932737, 1e-15);
  EXPECT_NEAR(schedule.at(2), 0.5, 1e-15);
  EXPECT_EQ(schedule.at(4), 0);
}

TEST(CoefficientSchedule, IsDroppedForGood) {
  const CoefficientSchedule schedule{.value = 0.3, .drop_after = 2};
  EXPECT_EQ(schedule.at(0), 0.3);
  EXPECT_EQ(schedule.at(1), 0.3);
  EXPECT_EQ(schedule.at(2), 0);
  EXPECT_EQ(schedule.at(3), 0);
}

TEST(CoefficientSchedule, WarmUpAndDecayMultiply) {
  const CoefficientSchedule schedule{
      .value = 4, .warmup_epochs = 1, .decay = Decay::kLinear, .decay_from = 0, .decay_to = 2};
  EXPECT_DOUBLE_EQ(schedule.at(0), 2);
  EXPECT_DOUBLE_EQ(schedule.at(1), 2);
  EXPECT_EQ(schedule.at(2), 0);
}

}  // namespace
}  // namespace tasuki
