#include "tasuki/evaluation/delta_m.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tasuki/error/error.h"

namespace tasuki {
namespace {

using ::testing::HasSubstr;

const MetricInfo kMiou{"miou", "", true, true};
const MetricInfo kPixelAcc{"pixel_acc", "", true, true};
const MetricInfo kAbsErr{"abs_err", "m", false, true};
const MetricInfo kRmse{"rmse", "m", false, false};

std::vector<TaskValues> two_tasks(double miou, double pixel_acc, double abs_err, double rmse) {
  return {{"seg", {{kMiou, miou}, {kPixelAcc, pixel_acc}}},
          {"depth", {{kAbsErr, abs_err}, {kRmse, rmse}}}};
}

std::string error_of(const std::vector<TaskValues>& model,
                     const std::vector<TaskValues>& baseline) {
  try {
    delta_m(model, baseline);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(DeltaM, ByHand) {
  // seg: (+10 % - 5 %) / 2 = 2.5 %; depth: 20 % less error = +20 %; rmse is not in the protocol.
  EXPECT_NEAR(delta_m(two_tasks(0.44, 0.57, 0.4, 9), two_tasks(0.4, 0.6, 0.5, 1)), (2.5 + 20) / 2,
              1e-12);
}

TEST(DeltaM, OfTheBaselineItselfIsZero) {
  const auto values = two_tasks(0.4, 0, 0.5, 1);
  EXPECT_EQ(delta_m(values, values), 0);
}

TEST(DeltaM, MatchesTasksByName) {
  auto baseline = two_tasks(0.4, 0.6, 0.5, 1);
  std::swap(baseline[0], baseline[1]);
  baseline.push_back({"normal", {{kMiou, 0.1}}});
  EXPECT_NEAR(delta_m(two_tasks(0.44, 0.6, 0.5, 1), baseline), 2.5, 1e-12);
}

TEST(DeltaM, SaysWhatIsMissing) {
  const auto model = two_tasks(0.4, 0.6, 0.5, 1);
  EXPECT_THAT(error_of(model, {model[1]}),
              HasSubstr("no baseline for task \"seg\"; there are baselines for: depth"));
  auto fewer = model;
  fewer[0].values.pop_back();
  EXPECT_THAT(error_of(model, fewer), HasSubstr("task \"seg\" has no metric \"pixel_acc\""));
  auto turned = model;
  turned[1].values[0].info.higher_is_better = true;
  EXPECT_THAT(error_of(model, turned), HasSubstr("other direction"));
}

TEST(DeltaM, IsNotANumberWhenSomethingWasNotMeasured) {
  const auto fine = two_tasks(0.4, 0.6, 0.5, 1);
  EXPECT_TRUE(std::isnan(delta_m(two_tasks(0.4, NAN, 0.5, 1), fine)));
  EXPECT_TRUE(std::isnan(delta_m(fine, two_tasks(0.4, 0.6, NAN, 1))));
  EXPECT_EQ(delta_m(two_tasks(0.4, 0.6, 0.5, NAN), fine), 0);  // rmse does not count
  EXPECT_TRUE(std::isnan(delta_m({}, fine)));
}

TEST(RelativeGain, OfABaselineOfZeroIsInfinite) {
  EXPECT_EQ(relative_gain(kMiou, 0.1, 0), INFINITY);
  EXPECT_EQ(relative_gain(kAbsErr, 0.1, 0), -INFINITY);
  EXPECT_EQ(relative_gain(kAbsErr, 0, 0), 0);
}

TEST(SelectionScore, ByHand) {
  EXPECT_NEAR(selection_score(two_tasks(0.4, 0.6, 0.5, 9)),
              ((std::log(0.41) + std::log(0.61)) / 2 - std::log(0.51)) / 2, 1e-12);
  EXPECT_NEAR(selection_score({{"edge", {{{"f", "%", true, true}, 70}}}}), std::log(0.71), 1e-12);
}

// Half of the metrics are clearly better in one checkpoint; the other has one that is no longer 0.
TEST(SelectionScore, NoMetricAtZeroDecidesAlone) {
  EXPECT_GT(selection_score(two_tasks(0, 0.66, 0.5, 1)),
            selection_score(two_tasks(0.0005, 0.6, 0.5, 1)));
  EXPECT_GT(selection_score(two_tasks(0.44, 0.66, 0.0005, 1)),
            selection_score(two_tasks(0.4, 0.6, 0, 1)));
  // What grows is still better, however little it is.
  EXPECT_GT(selection_score(two_tasks(1e-7, 0.6, 0.5, 1)),
            selection_score(two_tasks(0, 0.6, 0.5, 1)));
}

TEST(SelectionScore, OrdersAsDeltaMDoesCloseToABaseline) {
  const auto baseline = two_tasks(0.4, 0.6, 0.5, 1);
  const std::vector<std::vector<TaskValues>> near = {
      two_tasks(0.402, 0.601, 0.499, 1), two_tasks(0.404, 0.599, 0.503, 1),
      two_tasks(0.398, 0.605, 0.498, 1), two_tasks(0.401, 0.600, 0.490, 1)};
  for (const auto& a : near) {
    for (const auto& b : near) {
      EXPECT_EQ(selection_score(a) < selection_score(b),
                delta_m(a, baseline) < delta_m(b, baseline));
    }
  }
}

TEST(SelectionScore, StaysFiniteAtZeroAndSkipsWhatWasNotMeasured) {
  EXPECT_TRUE(std::isfinite(selection_score(two_tasks(0, 0.1, 0, 1))));
  EXPECT_LT(selection_score(two_tasks(0, 0.6, 0.5, 1)),
            selection_score(two_tasks(0.1, 0.6, 0.5, 1)));
  EXPECT_NEAR(selection_score(two_tasks(0.4, 0.6, NAN, 1)), (std::log(0.41) + std::log(0.61)) / 2,
              1e-12);
  EXPECT_TRUE(std::isnan(selection_score({})));
}

}  // namespace
}  // namespace tasuki
