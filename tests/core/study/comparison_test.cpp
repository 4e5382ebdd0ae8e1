#include "tasuki/study/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tasuki/error/error.h"
#include "tests/core/report/markup_reader.h"
#include "tests/core/study/findings.h"

namespace tasuki {
namespace {

using testing::quality;

Comparison example() {
  Comparison comparison;
  comparison.title = "t";
  comparison.seeds = {0, 1};
  comparison.baselines = {{"a", {quality("a", 100), quality("a", 200)}},
                          {"b", {quality("b", 50), quality("b", 50)}}};
  comparison.models = {
      {"joint",
       {{quality("a", 110), quality("b", 50)}, {quality("a", 200), quality("b", 45)}},
       16,
       3,
       1000,
       {}}};
  return comparison;
}

TEST(Comparison, PairsSeedsWithTheirBaselines) {
  const auto rows = rows_of(example());
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].name, "single-task");
  EXPECT_EQ(rows[0].values.at("a.quality").mean, 150);
  EXPECT_NEAR(rows[1].gains.at("a").mean, (10 + 0) / 2.0, 1e-9);
  EXPECT_NEAR(rows[1].gains.at("b").mean, (0 - 10) / 2.0, 1e-9);
  // By seed: (10 + 0) / 2 and (0 - 10) / 2.
  EXPECT_NEAR(rows[1].delta_m->mean, 0, 1e-9);
  EXPECT_NEAR(rows[1].delta_m->deviation, std::sqrt(50.0), 1e-9);
}

TEST(Comparison, OtherwiseTakesTheMeanOfTheBaselines) {
  auto comparison = example();
  comparison.baselines["a"].push_back(quality("a", 30));
  const auto rows = rows_of(comparison);
  EXPECT_NEAR(rows[1].gains.at("a").mean, 0 + (0 + 90) / 110.0 * 100 / 2, 1e-9);
}

// What is deployed has the task all the same: a model that leaves out what it is bad at must not
// look better for it.
TEST(Comparison, ATaskThatIsLeftOutGainsNothing) {
  auto comparison = example();
  comparison.models = {{"without b", {{quality("a", 110)}, {quality("a", 200)}}, 8, 1, 900, {"b"}}};
  const auto rows = rows_of(comparison);
  EXPECT_EQ(rows[1].gains.at("b").mean, 0);
  EXPECT_EQ(rows[1].values.at("b.quality").mean, 50);
  EXPECT_NEAR(rows[1].delta_m->mean, (10 + 0 + 0 + 0) / 4.0, 1e-9);
}

TEST(Comparison, WithoutBaselinesHasNoGains) {
  auto comparison = example();
  comparison.baselines.clear();
  const auto rows = rows_of(comparison);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_FALSE(rows[0].delta_m);
}

TEST(Comparison, ATaskWithoutBaselineIsAnError) {
  auto comparison = example();
  comparison.baselines.erase("b");
  EXPECT_THROW(rows_of(comparison), Error);
}

TEST(Comparison, JsonAndPage) {
  const auto out = nlohmann::json::parse(comparison_json(example()));
  EXPECT_EQ(out["rows"][1]["metrics"]["a.quality"]["mean"], 155);
  EXPECT_EQ(out["rows"][1]["parameters_at_inference"], 1000);
  const auto page = comparison_html(example());
  const report::MarkupReader reader(page.substr(page.find('\n') + 1));
  EXPECT_EQ(reader.problem(), "");
}

}  // namespace
}  // namespace tasuki
