#include "tasuki/study/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tasuki/error/error.h"
#include "tasuki/io/files.h"
#include "tests/core/io/temporary_folder.h"

namespace tasuki {
namespace {

using Ids = std::vector<std::string>;

SearchPlan example_plan() {
  SearchPlan plan;
  plan.config_file = "a.pbtxt";
  plan.strategies = {"enumerate", "tag"};
  plan.conditions.seeds = {0, 1};
  plan.margin = 0.5;
  plan.affinity_every = 10;
  plan.conditions.threads = 2;
  plan.conditions.machine = {"train.device=CPU", "train.precision=FP32"};
  plan.conditions.data = {print_of("train", Ids{"x", "y"}), print_of("val", Ids{"z"})};
  plan.trials = {"a", "a+b"};
  plan.verdict_seeds = {1000, 1001, 1002};
  return plan;
}

TEST(SearchPlan, IsReadAsItWasWritten) {
  const testing::TemporaryFolder folder;
  write_plan(folder / kPlanFile, example_plan());
  EXPECT_EQ(read_plan(folder / kPlanFile), example_plan());
}

// The plan of a version that judged by the seeds that chose.
TEST(SearchPlan, OfAnOlderVersionHasNoVerdictSeeds) {
  const testing::TemporaryFolder folder;
  auto plan = example_plan();
  plan.verdict_seeds.reset();
  write_plan(folder / kPlanFile, plan);
  EXPECT_EQ(read_file(folder / kPlanFile).find("verdict"), std::string::npos);
  const auto kept = read_plan(folder / kPlanFile);
  EXPECT_FALSE(kept.verdict_seeds);
  EXPECT_EQ(obstacle(kept, example_plan()), "");
  EXPECT_EQ(continued(kept, example_plan()).verdict_seeds, example_plan().verdict_seeds);
}

// A call without the strategies that measure says nothing of how often the others did.
TEST(SearchPlan, GoesOnWithWhatItsTrialsWereMeasuredWith) {
  auto asked = example_plan();
  asked.strategies = {"enumerate", "halving"};
  asked.affinity_every = 3;
  asked.conditions.seeds = {0, 1, 2};
  asked.conditions.threads = 1;
  asked.trials.clear();
  auto expected = example_plan();
  expected.strategies = {"enumerate", "halving", "tag"};
  expected.conditions.seeds = {0, 1, 2};
  EXPECT_EQ(continued(example_plan(), asked), expected);
  auto first = example_plan();
  first.strategies = {"enumerate"};
  EXPECT_EQ(continued(first, asked).affinity_every, 3u);
}

TEST(SearchPlan, HasSeeds) {
  const testing::TemporaryFolder folder;
  auto plan = example_plan();
  plan.conditions.seeds.clear();
  write_plan(folder / kPlanFile, plan);
  write_conditions(folder / kConditionsFile, plan.conditions);
  const std::string problem = ": has no seeds";
  try {
    read_plan(folder / kPlanFile);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.what(), (folder / kPlanFile).string() + problem);
  }
  try {
    read_conditions(folder / kConditionsFile);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.what(), (folder / kConditionsFile).string() + problem);
  }
  const nlohmann::json alone = plan.conditions;
  EXPECT_THROW(alone.get<RunConditions>(), Error);
}

TEST(SearchPlan, ABrokenFileIsNamed) {
  const testing::TemporaryFolder folder;
  for (const auto* text :
       {"{", "[]", "{\"format\":\"tasuki-search-1\"}", "{\"format\":\"other\"}"}) {
    write_file_atomically(folder / kPlanFile, text);
    try {
      read_plan(folder / kPlanFile);
      FAIL() << text;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), ::testing::HasSubstr((folder / kPlanFile).string()));
    }
  }
}

struct Change {
  const char* name;
  std::function<void(SearchPlan&)> make;
  const char* refusal;  // "" where the search goes on
};

class SearchPlanChange : public ::testing::TestWithParam<Change> {};

TEST_P(SearchPlanChange, IsAcceptedOrRefusedWithItsReason) {
  auto asked = example_plan();
  GetParam().make(asked);
  EXPECT_EQ(obstacle(example_plan(), asked), GetParam().refusal);
}

const Change kChanges[] = {
    {"Nothing", [](SearchPlan&) {}, ""},
    {"MoreSeeds", [](SearchPlan& plan) { plan.conditions.seeds.push_back(2); }, ""},
    {"MoreStrategies",
     [](SearchPlan& plan) {
       plan.strategies = {"tag", "enumerate"};
     },
     ""},
    {"FewerSeeds", [](SearchPlan& plan) { plan.conditions.seeds.pop_back(); }, ""},
    {"OtherVerdictSeeds", [](SearchPlan& plan) { plan.verdict_seeds = {1000}; }, ""},
    {"OtherSeeds",
     [](SearchPlan& plan) {
       plan.conditions.seeds = {1, 2};
     },
     "its seeds are 0, 1, now asked for: 1, 2"},
    {"FewerStrategies", [](SearchPlan& plan) { plan.strategies = {"tag"}; }, ""},
    {"AffinityEveryWhereNothingIsMeasured",
     [](SearchPlan& plan) {
       plan.strategies = {"enumerate"};
       plan.affinity_every = 3;
     },
     ""},
    {"Margin", [](SearchPlan& plan) { plan.margin = 1; }, "its --margin is 0.5, now 1"},
    {"AffinityEvery", [](SearchPlan& plan) { plan.affinity_every = 3; },
     "its --affinity-every is 10, now 3"},
    {"OtherMachine", [](SearchPlan& plan) { plan.conditions.machine[1] = "train.precision=BF16"; },
     "it ran with train.device=CPU, train.precision=FP32, here it would be train.device=CPU, "
     "train.precision=BF16"},
    {"FewerSamples",
     [](SearchPlan& plan) { plan.conditions.data[0] = print_of("train", Ids{"x"}); },
     "the data have changed: split train: 2 samples, now 1"},
    {"OtherSamples", [](SearchPlan& plan) { plan.conditions.data[1] = print_of("val", Ids{"w"}); },
     "the data have changed: split val: as many samples as before, but other ids"},
    {"OtherLabels", [](SearchPlan& plan) { plan.conditions.data[1].content_crc32 = 7; },
     "the data have changed: split val: the same ids, but other images or labels"},
    {"SplitGone", [](SearchPlan& plan) { plan.conditions.data.pop_back(); },
     "the data have changed: split val is gone"},
};

INSTANTIATE_TEST_SUITE_P(Changes, SearchPlanChange, ::testing::ValuesIn(kChanges),
                         [](const auto& info) { return info.param.name; });

TEST(SearchPlan, TheStepsOfMeasurementsMatterOnceThereAreSome) {
  auto kept = example_plan();
  kept.strategies = {"enumerate"};
  auto asked = example_plan();
  asked.affinity_every = 1;
  EXPECT_EQ(obstacle(kept, asked), "");
}

}  // namespace
}  // namespace tasuki
