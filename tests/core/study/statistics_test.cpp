#include "tasuki/study/statistics.h"

#include <gtest/gtest.h>

#include <cmath>

namespace tasuki {
namespace {

TEST(Statistics, SpreadIsMeanAndSampleDeviation) {
  const Spread spread = spread_of({2, 4, 4, 4, 5, 5, 7, 9});
  EXPECT_EQ(spread.mean, 5);
  EXPECT_NEAR(spread.deviation, std::sqrt(32.0 / 7), 1e-12);
  EXPECT_EQ(spread.count, 8u);
  EXPECT_EQ(spread_of({3}).deviation, 0);
  EXPECT_TRUE(std::isnan(spread_of({}).mean));
}

// Student's sleep data (1908), group 2 - group 1: t = 4.0621 with 9 degrees of freedom, two-sided
// p = 0.002833, as every textbook has it.
TEST(Statistics, PairedTestOfStudentsOwnData) {
  const std::vector<double> differences = {1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4};
  const auto test = paired_test(differences);
  ASSERT_TRUE(test);
  EXPECT_NEAR(test->t, 4.0621, 5e-5);
  EXPECT_NEAR(test->two_sided, 0.002833, 5e-7);
  EXPECT_NEAR(test->greater, test->two_sided / 2, 1e-12);
}

// With two degrees of freedom the distribution is closed: P(T > t) = (1 - t / sqrt(2 + t^2)) / 2.
TEST(Statistics, PairedTestOfThreeSeedsInClosedForm) {
  for (const double reference : {-1.0, 0.0, 1.5, 4.0}) {
    const auto test = paired_test({1, 2, 3}, reference);
    ASSERT_TRUE(test);
    const double t = (2 - reference) * std::sqrt(3.0);
    EXPECT_NEAR(test->t, t, 1e-12);
    EXPECT_NEAR(test->greater, (1 - t / std::sqrt(2 + t * t)) / 2, 1e-12);
    EXPECT_NEAR(test->two_sided, 1 - std::abs(t) / std::sqrt(2 + t * t), 1e-12);
  }
}

TEST(Statistics, NoTestWhereNothingCanBeSaid) {
  EXPECT_FALSE(paired_test({1, 2}));
  EXPECT_FALSE(paired_test({1, 2, INFINITY}));
  EXPECT_FALSE(paired_test({1, 2, NAN}));
}

TEST(Statistics, DifferencesWithoutSpread) {
  EXPECT_EQ(paired_test({1, 1, 1})->greater, 0);
  EXPECT_EQ(paired_test({-1, -1, -1})->greater, 1);
  EXPECT_EQ(paired_test({-1, -1, -1})->two_sided, 0);
  EXPECT_EQ(paired_test({0, 0, 0})->two_sided, 1);
  EXPECT_EQ(paired_test({2, 2, 2}, 2)->greater, 0.5);
}

TEST(Statistics, RankCorrelation) {
  EXPECT_NEAR(rank_correlation({1, 2, 3, 4}, {10, 100, 1000, 10000}), 1, 1e-12);
  EXPECT_NEAR(rank_correlation({1, 2, 3, 4}, {4, 3, 2, 1}), -1, 1e-12);
  // 1 - 6 sum d^2 / (n (n^2 - 1)) with d = 0, 1, 1, 0.
  EXPECT_NEAR(rank_correlation({1, 2, 3, 4}, {1, 3, 2, 4}), 1 - 12.0 / 60, 1e-12);
  // Ties share 1.5: ranks 1.5 1.5 3 against 1 2 3.
  EXPECT_NEAR(rank_correlation({5, 5, 6}, {1, 2, 3}), std::sqrt(3.0) / 2, 1e-12);
  EXPECT_TRUE(std::isnan(rank_correlation({1, 1}, {1, 2})));
  EXPECT_TRUE(std::isnan(rank_correlation({1}, {1})));
  // What is not a number has no rank: the others are correlated.
  EXPECT_TRUE(std::isnan(rank_correlation({1, NAN}, {1, 2})));
  EXPECT_NEAR(rank_correlation({1, NAN, 2, 3}, {5, 1, 6, 7}), 1, 1e-12);
}

}  // namespace
}  // namespace tasuki
