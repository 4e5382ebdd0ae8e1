#include "tasuki/report/chart.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tasuki/error/error.h"
#include "tests/core/report/markup_reader.h"

namespace tasuki::report {
namespace {

LineChart chart_of(std::vector<double> y) {
  LineChart chart;
  chart.title = "loss";
  chart.x_label = "epoch";
  std::vector<double> x;
  for (size_t i = 0; i < y.size(); ++i) x.push_back(double(i));
  chart.series = {{"seg", x, std::move(y)}};
  return chart;
}

// The path of each series, all paths joined; empty when there is no picture.
std::string paths(const LineChart& chart) {
  const MarkupReader reader(line_chart(chart).markup());
  EXPECT_EQ(reader.problem(), "");
  std::string all;
  for (const auto& tag : reader.tags()) {
    for (const auto& [name, value] : tag.attributes) {
      if (tag.name == "path" && name == "d" && value != "M1 4H17") all += value;
    }
  }
  return all;
}

TEST(LineChart, AGapSplitsTheLine) {
  EXPECT_EQ(count(paths(chart_of({1, 2, 3, 4})), "M"), 1u);
  const std::string path = paths(chart_of({1, 2, NAN, 4, INFINITY, 1e200, 7, 8}));
  EXPECT_EQ(count(path, "M"), 3u);
  EXPECT_EQ(count(path, "h0"), 1u) << "the lone 4 is a dot";
  EXPECT_EQ(count(path, "nan") + count(path, "inf"), 0u);
}

TEST(LineChart, OnePointIsADotInTheMiddle) {
  const std::string path = paths(chart_of({5}));
  EXPECT_EQ(count(path, "h0"), 1u);
  EXPECT_EQ(count(path, "M"), 1u);
}

TEST(LineChart, SaysSoWhenThereIsNothingToDraw) {
  LineChart nothing;
  nothing.title = "loss";
  for (const LineChart& chart : {chart_of({}), chart_of({NAN, NAN}), nothing}) {
    EXPECT_EQ(paths(chart), "");
    EXPECT_NE(line_chart(chart).markup().find("No values to draw yet."), std::string::npos);
  }
}

TEST(LineChart, TenThousandPointsAreThinned) {
  std::vector<double> y(10000);
  for (size_t i = 0; i < y.size(); ++i) y[i] = std::sin(0.001 * double(i));
  const std::string path = paths(chart_of(y));
  EXPECT_LE(count(path, "L"), 800u);
  EXPECT_GE(count(path, "L"), 200u);
}

TEST(LineChart, TenThousandLonePointsStayPossible) {
  std::vector<double> y(10000, NAN);
  for (size_t i = 0; i < y.size(); i += 2) y[i] = double(i);
  EXPECT_EQ(count(paths(chart_of(y)), "h0"), 5000u);
}

TEST(LineChart, FewPointsCarryTheirValues) {
  LineChart chart = chart_of({0.5, 0.25});
  chart.y_unit = "m";
  const std::string markup = line_chart(chart).markup();
  EXPECT_NE(markup.find("seg, epoch 1.00: 0.2500 m"), std::string::npos);
  EXPECT_EQ(count(markup, "<circle"), 2u);
  EXPECT_EQ(count(line_chart(chart_of(std::vector<double>(41, 1.))).markup(), "<circle"), 0u);
}

TEST(LineChart, ALogScaleLeavesOutWhatHasNoLogarithm) {
  LineChart chart = chart_of({1, 0, 100, -5, 1000});
  chart.y_scale = AxisScale::kLog;
  EXPECT_EQ(count(paths(chart), "h0"), 3u);
}

TEST(LineChart, NoiseGetsARunningMean) {
  std::vector<double> y;
  for (int i = 0; i < 500; ++i) y.push_back(i % 2);
  EXPECT_EQ(count(line_chart(chart_of(y)).markup(), "class=\"faint\""), 1u);
  EXPECT_EQ(count(line_chart(chart_of({3, 2, 1})).markup(), "class=\"faint\""), 0u);
}

TEST(LineChart, MarksOutsideOfTheRangeAreLeftOut) {
  LineChart chart = chart_of({1, 2, 3});
  chart.marks = {{1, "best: 1"}, {9, "best: 9"}, {NAN, "best: never"}};
  const std::string markup = line_chart(chart).markup();
  EXPECT_EQ(count(markup, "best: 1<"), 1u);
  EXPECT_EQ(count(markup, "best: 9") + count(markup, "best: never"), 0u);
}

TEST(LineChart, HostileNamesStayText) {
  LineChart chart = chart_of({1, 2});
  chart.title = chart.note = chart.x_label = chart.y_unit = "\"><script>alert(1)</script>";
  chart.series[0].name = "</svg><img src=x onerror=alert(1)>";
  chart.marks = {{1, "</text><script>"}};
  const MarkupReader reader(line_chart(chart).markup());
  EXPECT_EQ(reader.problem(), "");
  EXPECT_EQ(reader.count("script") + reader.count("img"), 0u);
}

TEST(LineChart, TwoLengthsAreAnError) {
  LineChart chart = chart_of({1, 2});
  chart.series[0].x.pop_back();
  try {
    line_chart(chart);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "report: chart \"loss\": series \"seg\" has 1 positions for 2 values; give one "
                 "position for each value");
  }
}

}  // namespace
}  // namespace tasuki::report
