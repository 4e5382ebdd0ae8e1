#include "tasuki/study/search_transfers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/study/findings.h"

namespace tasuki {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::quality;
using testing::result_of;

// b helps a: alone both have 100, a pair 110 and 90. A training of the verdict seeds from 1000 on
// turns that round where `otherwise` is set.
class RecordingTrainer : public TrialTrainer {
 public:
  void announce(const std::string& purpose, const std::vector<uint64_t>& seeds) override {
    announced.push_back(purpose + " " + std::to_string(seeds.size()));
  }

  void train(const std::vector<Trial>& trials, Findings& findings, bool last) override {
    for (const auto& trial : trials) {
      for (const uint64_t seed : findings.seeds()) {
        if (findings.has(trial, seed)) continue;
        trained.push_back(trial_name(trial) + "/" + std::to_string(seed));
        findings.add(trial, seed, result(trial, seed));
      }
    }
    if (last) ++ends;
  }

  TrialResult result(const Trial& trial, uint64_t seed) const {
    const bool together = trial.objectives() > 1;
    const double gain = !together ? 0 : otherwise && seed >= 1000 ? -10 : 10;
    std::vector<TaskValues> values;
    for (const auto& task : trial.tasks) {
      values.push_back(quality(task, 100 + (task == "a" ? gain : -gain)));
    }
    return result_of(values, 8);
  }

  bool otherwise = false;
  std::vector<std::string> announced, trained;
  int ends = 0;
};

Decision search(RecordingTrainer& trainer, std::vector<uint64_t> verdict_seeds,
                bool plain_joint = false) {
  std::vector<std::unique_ptr<Strategy>> strategies;
  strategies.push_back(make_strategy("enumerate", {{"a", "b"}, 8}));
  SearchSetting setting;
  setting.tasks = {"a", "b"};
  setting.plain_joint = plain_joint;
  setting.seeds = {0, 1};
  setting.verdict_seeds = std::move(verdict_seeds);
  return search_transfers(strategies, setting, trainer);
}

TEST(SearchTransfers, TrainsBothArmsAnewForTheVerdict) {
  RecordingTrainer trainer;
  const auto decision = search(trainer, {1000, 1001, 1002});
  EXPECT_THAT(trainer.trained, ElementsAre("a/0", "a/1", "b/0", "b/1", "a+b/0", "a+b/1", "a/1000",
                                           "a/1001", "a/1002", "b/1000", "b/1001", "b/1002",
                                           "a,b~a/1000", "a,b~a/1001", "a,b~a/1002"));
  EXPECT_THAT(trainer.announced,
              ElementsAre("Strategy enumerate 2", "Verdict on the chosen model 3"));
  EXPECT_EQ(trainer.ends, 1);
  EXPECT_THAT(decision.seeds, ElementsAre(0, 1));
  EXPECT_THAT(decision.verdict_seeds, ElementsAre(1000, 1001, 1002));
  EXPECT_EQ(decision.choosing.trainings, 6u);
  EXPECT_EQ(decision.judging.trainings, 9u);
  EXPECT_EQ(decision.singles.trainings, 6u);
  EXPECT_EQ(decision.final_model.trainings, 3u);
  EXPECT_FALSE(decision.verdict.exploratory);
  EXPECT_TRUE(decision.verdict.confidence_assessed);
  EXPECT_TRUE(decision.verdict.adopt);
}

TEST(SearchTransfers, TheVerdictIsOfItsOwnSeedsAlone) {
  RecordingTrainer trainer;
  trainer.otherwise = true;
  const auto decision = search(trainer, {1000, 1001, 1002});
  EXPECT_THAT(included_edges(decision.strategies.front().selection), ElementsAre(Edge{"b", "a"}));
  EXPECT_NEAR(decision.tasks[0].gain.by_seed.at(2), -10, 1e-9);
  EXPECT_FALSE(decision.verdict.adopt);
}

// They train what the strategy has not trained: the chosen model.
TEST(SearchTransfers, WithoutVerdictSeedsItIsExploratory) {
  RecordingTrainer trainer;
  const auto decision = search(trainer, {});
  EXPECT_THAT(trainer.trained,
              ElementsAre("a/0", "a/1", "b/0", "b/1", "a+b/0", "a+b/1", "a,b~a/0", "a,b~a/1"));
  EXPECT_TRUE(decision.verdict.exploratory);
  EXPECT_FALSE(decision.verdict.confidence_assessed);
  EXPECT_THAT(decision.verdict_seeds, ElementsAre(0, 1));
  EXPECT_EQ(decision.choosing.trainings, 6u);
  EXPECT_EQ(decision.judging.trainings, 2u);
}

TEST(SearchTransfers, ThePlainJointModelIsJudgedBesideTheChosenOne) {
  RecordingTrainer trainer;
  EXPECT_FALSE(search(trainer, {1000}).joint_delta_m);
  trainer.trained.clear();
  const auto decision = search(trainer, {1000}, true);
  EXPECT_THAT(trainer.trained, ::testing::Contains("a+b/1000"));
  ASSERT_TRUE(decision.joint_delta_m);
  EXPECT_NEAR(decision.tasks[0].joint_gain.at(0), 10, 1e-9);
}

}  // namespace
}  // namespace tasuki
