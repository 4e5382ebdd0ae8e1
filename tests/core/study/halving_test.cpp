#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/study/findings.h"

namespace tasuki {
namespace {

using testing::quality;
using testing::result_of;

TEST(HalvingRungs, HalveCandidatesAndDoubleEpochs) {
  const auto rungs = halving_rungs(6, 8);
  ASSERT_EQ(rungs.size(), 3u);
  const std::vector<int64_t> epochs = {2, 4, 8};
  const std::vector<size_t> candidates = {6, 3, 2};
  for (size_t r = 0; r < 3; ++r) {
    EXPECT_EQ(rungs[r].epochs, epochs[r]);
    EXPECT_EQ(rungs[r].candidates, candidates[r]);
  }
}

TEST(HalvingRungs, EndWithAllEpochsAndOneOrTwoCandidates) {
  for (size_t tasks = 2; tasks <= 16; ++tasks) {
    const size_t candidates = tasks * (tasks - 1);
    const auto rungs = halving_rungs(candidates, 200);
    EXPECT_EQ(rungs.front().candidates, candidates);
    EXPECT_EQ(rungs.back().epochs, 200);
    EXPECT_LE(rungs.back().candidates, 2u);
    EXPECT_GE(rungs.front().epochs, 1);
  }
  // Few epochs allow few halvings.
  EXPECT_EQ(halving_rungs(56, 3).size(), 2u);
  EXPECT_EQ(halving_rungs(56, 1).size(), 1u);
}

// What a search of T tasks costs, in epochs of the joint model.
double joint_epochs(const std::string& strategy, size_t tasks, int64_t epochs) {
  std::vector<std::string> names;
  for (size_t i = 0; i < tasks; ++i) names.push_back("task" + std::to_string(i));
  return make_strategy(strategy, {names, epochs})->planned_cost() / double(tasks);
}

TEST(Halving, IsCheaperThanEnumerationFromFiveTasksOn) {
  EXPECT_LT(joint_epochs("enumerate", 3, 64), joint_epochs("halving", 3, 64));
  for (size_t tasks = 5; tasks <= 20; ++tasks) {
    EXPECT_LT(joint_epochs("halving", tasks, 64), joint_epochs("enumerate", tasks, 64)) << tasks;
  }
}

// Trains what the strategy asks for until it asks for nothing more. The gain of a transfer is the
// one of its edge, the same in every rung, and above that `short_bonus` in all but the last.
class FakeTrainer {
 public:
  explicit FakeTrainer(std::map<Edge, double> gains, double short_bonus = 0)
      : gains_(std::move(gains)), short_bonus_(short_bonus) {}

  Findings train(const Strategy& strategy, std::vector<uint64_t> seeds = {0}) {
    Findings findings(std::move(seeds));
    for (bool more = true; more;) {
      more = false;
      for (const auto& trial : strategy.trials(findings)) {
        if (findings.has(trial)) continue;
        more = true;
        trained.push_back(trial);
        double value = 100;
        for (const auto& edge : trial.transfers) {
          value += gains_.at(edge) + (trial.epochs == 0 ? 0 : short_bonus_);
        }
        for (const uint64_t seed : findings.seeds()) {
          findings.add(trial, seed, result_of({quality(trial.tasks.front(), value)}, 1));
        }
      }
    }
    return findings;
  }

  std::vector<Trial> trained;

 private:
  std::map<Edge, double> gains_;
  double short_bonus_;
};

TEST(Halving, TheBetterHalfGoesOn) {
  const auto strategy = make_strategy("halving", {{"a", "b", "c"}, 8});
  FakeTrainer trainer({{{"b", "a"}, 5},
                       {{"c", "a"}, 4},
                       {{"a", "b"}, 3},
                       {{"c", "b"}, -1},
                       {{"a", "c"}, -2},
                       {{"b", "c"}, -3}});
  const auto findings = trainer.train(*strategy);
  std::map<int64_t, std::vector<std::string>> by_epochs;
  for (const auto& trial : trainer.trained) {
    for (const auto& edge : trial.transfers) by_epochs[trial.epochs].push_back(edge.text());
  }
  EXPECT_EQ(by_epochs[2].size(), 6u);
  EXPECT_THAT(by_epochs[4], ::testing::ElementsAre("b->a", "c->a", "a->b"));
  // The last rung has the config's own epochs, and shares its baselines with other strategies.
  EXPECT_THAT(by_epochs[0], ::testing::ElementsAre("b->a", "c->a"));
  EXPECT_TRUE(findings.has(alone("a")));
  EXPECT_FALSE(findings.has(alone("b")));

  // a->b was dropped with a gain of 3.
  const auto selection = select_transfers({"a", "b", "c"}, strategy->scores(findings), 0, true);
  EXPECT_THAT(included_edges(selection), ::testing::ElementsAre(Edge{"b", "a"}, Edge{"c", "a"}));
}

// However well it scored: a gain after few epochs is no gain after all of them.
TEST(Halving, WhatItDropsIsNeverIncluded) {
  const std::vector<std::string> tasks = {"a", "b", "c"};
  const auto strategy = make_strategy("halving", {tasks, 8});
  std::map<Edge, double> gains;
  double gain = 6;
  for (const auto& edge : all_edges(tasks)) gains[edge] = gain--;
  FakeTrainer trainer(gains, 100);
  const auto findings = trainer.train(*strategy, {0, 1, 2});
  const auto selection = select_transfers(tasks, strategy->scores(findings), 0, true);
  EXPECT_THAT(included_edges(selection), ::testing::ElementsAre(Edge{"b", "a"}, Edge{"c", "a"}));
  const std::vector<uint32_t> lengths = {0, 0, 4, 2, 2, 2};
  for (int i = 0; i < 6; ++i) {
    const auto& transfer = selection.transfer(i);
    EXPECT_EQ(transfer.has_dropped_after(), lengths[size_t(i)] > 0) << i;
    EXPECT_EQ(transfer.dropped_after(), lengths[size_t(i)]) << i;
    EXPECT_EQ(transfer.has_p_value(), lengths[size_t(i)] == 0) << i;
  }
}

// Every transfer into b and into c was dropped with a loss.
TEST(Halving, WhatItDropsHurtsNobody) {
  const std::vector<std::string> tasks = {"a", "b", "c"};
  const auto strategy = make_strategy("halving", {tasks, 8});
  FakeTrainer trainer({{{"b", "a"}, -1},
                       {{"c", "a"}, -2},
                       {{"a", "b"}, -3},
                       {{"c", "b"}, -4},
                       {{"a", "c"}, -5},
                       {{"b", "c"}, -6}});
  const auto findings = trainer.train(*strategy);
  const auto selection = select_transfers(tasks, strategy->scores(findings), 0, true);
  EXPECT_THAT(included_edges(selection), ::testing::IsEmpty());
  // Both transfers into a were trained to the end and hurt.
  EXPECT_THAT(left_out_tasks(selection), ::testing::ElementsAre("a"));
}

// Short scores that are twice the long ones of others stand below them all the same.
TEST(Halving, IsRankedWithoutMixingLengths) {
  const std::vector<std::string> tasks = {"a", "b", "c"};
  const auto strategy = make_strategy("halving", {tasks, 8});
  std::map<Edge, double> gains;
  std::vector<TransferScore> full;
  double gain = 6;
  for (const auto& edge : all_edges(tasks)) {
    full.push_back({edge, {gain}, 0});
    gains[edge] = gain--;
  }
  const auto reference = select_transfers(tasks, full, 0, false);
  for (const double bonus : {0.0, 100.0}) {
    FakeTrainer trainer(gains, bonus);
    const auto scores = strategy->scores(trainer.train(*strategy));
    const auto found = agreement(select_transfers(tasks, scores, 0, true), reference);
    EXPECT_NEAR(found.rank_correlation, 1, 1e-12) << bonus;
    EXPECT_EQ(found.shared, 2u);
  }
}

TEST(Halving, NeverCostsMoreThanPlanned) {
  const auto strategy = make_strategy("halving", {{"a", "b", "c"}, 8});
  std::map<Edge, double> gains;
  for (const auto& edge : all_edges({"a", "b", "c"})) gains[edge] = 1;
  FakeTrainer trainer(gains);
  trainer.train(*strategy);
  double cost = 0;
  for (const auto& trial : trainer.trained) {
    cost += double(trial.epochs == 0 ? 8 : trial.epochs) * double(trial.objectives());
  }
  EXPECT_LE(cost, strategy->planned_cost());
}

}  // namespace
}  // namespace tasuki
