#include "tasuki/report/number.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace tasuki::report {
namespace {

TEST(FormatNumber, HasTheDigitsAskedFor) {
  EXPECT_EQ(format_number(0.431), "0.4310");
  EXPECT_EQ(format_number(12.3456), "12.35");
  EXPECT_EQ(format_number(-1.5, 2), "\u22121.5");
  EXPECT_EQ(format_number(0), "0");
  EXPECT_EQ(format_number(123456), "123456");
}

TEST(FormatNumber, RoundingUpADecadeKeepsTheNumberOfDigits) {
  EXPECT_EQ(format_number(9.99996), "10.00");
  EXPECT_EQ(format_number(999999.9), "1.000e+06");
}

TEST(FormatNumber, UsesAnExponentOutsideOfEverydaySizes) {
  EXPECT_EQ(format_number(1.2e-5), "1.200e\u221205");
  EXPECT_EQ(format_number(0.0001), "0.0001000");
  EXPECT_EQ(format_number(std::numeric_limits<double>::max(), 3), "1.80e+308");
}

TEST(FormatNumber, NamesWhatIsNoNumber) {
  EXPECT_EQ(format_number(NAN), "n/a");
  EXPECT_EQ(format_number(INFINITY), "\u221E");
  EXPECT_EQ(format_number(-INFINITY), "\u2212\u221E");
}

TEST(FormatCount, GroupsByThree) {
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(1234567), "1\u202F234\u202F567");
  EXPECT_EQ(format_count(-123), "\u2212123");
  EXPECT_EQ(format_count(-1234), "\u22121\u202F234");
}

TEST(FormatTick, HasTheDecimalsOfTheStep) {
  EXPECT_EQ(format_tick(0.30000000000000004, 0.1), "0.3");
  EXPECT_EQ(format_tick(1, 0.05), "1.00");
  EXPECT_EQ(format_tick(20, 5), "20");
  EXPECT_EQ(format_tick(1e-17, 0.1), "0");
  EXPECT_EQ(format_tick(4e-5, 2e-5), "4e\u22125");
  EXPECT_EQ(format_tick(1.2e7, 2e6), "1.2e7");
  EXPECT_EQ(format_tick(-0.5, 0.5), "\u22120.5");
}

TEST(FormatCoordinate, IsShortAndAscii) {
  EXPECT_EQ(format_coordinate(1.5), "1.5");
  EXPECT_EQ(format_coordinate(100), "100");
  EXPECT_EQ(format_coordinate(-0.001), "0");
  EXPECT_EQ(format_coordinate(-2.256), "-2.26");
}

}  // namespace
}  // namespace tasuki::report
