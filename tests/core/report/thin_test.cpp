#include "tasuki/report/thin.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace tasuki::report {
namespace {

std::vector<Point> noise(size_t count) {
  std::mt19937 generator(7);
  std::normal_distribution<double> normal;
  std::vector<Point> line;
  for (size_t i = 0; i < count; ++i) line.push_back({double(i), normal(generator)});
  return line;
}

TEST(Thin, ShortLinesStayAsTheyAre) {
  const auto line = noise(40);
  EXPECT_EQ(thin(line, 10), line);
  EXPECT_TRUE(thin({}, 10).empty());
}

TEST(Thin, KeepsEndsExtremesAndOrderWithinItsBudget) {
  const auto line = noise(10007);
  const auto kept = thin(line, 50);
  EXPECT_LE(kept.size(), 200u);
  EXPECT_EQ(kept.front(), line.front());
  EXPECT_EQ(kept.back(), line.back());
  const auto lower = [](const Point& a, const Point& b) { return a.y < b.y; };
  EXPECT_EQ(*std::max_element(kept.begin(), kept.end(), lower),
            *std::max_element(line.begin(), line.end(), lower));
  EXPECT_EQ(*std::min_element(kept.begin(), kept.end(), lower),
            *std::min_element(line.begin(), line.end(), lower));
  for (size_t i = 1; i < kept.size(); ++i) ASSERT_LT(kept[i - 1].x, kept[i].x);
  for (const auto& point : kept) ASSERT_EQ(point, line[size_t(point.x)]);
}

TEST(Thin, AConstantLineKeepsTheEndsOfEachStretch) {
  const std::vector<Point> line(1000, Point{1, 2});
  EXPECT_LE(thin(line, 10).size(), 40u);
  EXPECT_GE(thin(line, 10).size(), 20u);
}

TEST(Noisy, TellsNoiseFromACourse) {
  std::vector<Point> cosine, zigzag;
  for (int i = 0; i < 1000; ++i) {
    cosine.push_back({double(i), std::cos(i * M_PI / 1000)});
    zigzag.push_back({double(i), double(i % 2)});
  }
  EXPECT_FALSE(is_noisy(cosine));
  EXPECT_TRUE(is_noisy(zigzag));
  EXPECT_TRUE(is_noisy(noise(1000)));
  EXPECT_FALSE(is_noisy({}));
  EXPECT_FALSE(is_noisy({{1, 1}}));
  EXPECT_FALSE(is_noisy(std::vector<Point>(100, Point{0, 3}))) << "a constant";
}

TEST(RunningMean, AgreesWithAPlainLoop) {
  const auto line = noise(101);
  for (const size_t window : {1, 2, 7, 300}) {
    const auto means = running_mean(line, window);
    ASSERT_EQ(means.size(), line.size());
    const int side = (int(window) - 1) / 2;
    for (int i = 0; i < 101; ++i) {
      double sum = 0;
      int count = 0;
      for (int j = std::max(0, i - side); j <= std::min(100, i + side); ++j, ++count) {
        sum += line[size_t(j)].y;
      }
      EXPECT_NEAR(means[size_t(i)].y, sum / count, 1e-12);
      EXPECT_EQ(means[size_t(i)].x, line[size_t(i)].x);
    }
  }
}

}  // namespace
}  // namespace tasuki::report
