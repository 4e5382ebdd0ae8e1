#include "tasuki/study/strategy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tasuki/error/error.h"
#include "tests/core/study/findings.h"

namespace tasuki {
namespace {

using ::testing::ElementsAre;
using testing::quality;
using testing::result_of;

std::vector<std::string> names_of(const std::vector<Trial>& trials) {
  std::vector<std::string> names;
  for (const auto& trial : trials) names.push_back(trial_name(trial));
  return names;
}

std::vector<TransferScore> scores_of(const std::vector<std::vector<double>>& scores,
                                     const std::vector<std::string>& tasks) {
  std::vector<TransferScore> all;
  const auto edges = all_edges(tasks);
  for (size_t i = 0; i < edges.size(); ++i) all.push_back({edges[i], scores[i], 0});
  return all;
}

TEST(Strategy, AnUnknownNameListsTheKnown) {
  try {
    make_strategy("halfing", {{"a", "b"}, 8});
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "there is no strategy \"halfing\" (did you mean \"halving\"?); there are: "
                 "enumerate, halving, tag, cosine");
  }
}

TEST(Enumerate, TrainsEachTaskAndEachUnorderedPair) {
  const auto strategy = make_strategy("enumerate", {{"a", "b", "c", "d"}, 8});
  const auto trials = strategy->trials(Findings({0}));
  EXPECT_THAT(names_of(trials),
              ElementsAre("a", "b", "c", "d", "a+b", "a+c", "a+d", "b+c", "b+d", "c+d"));
  double cost = 0;
  for (const auto& trial : trials) cost += 8.0 * double(trial.objectives());
  EXPECT_EQ(strategy->planned_cost(), cost);
}

TEST(Enumerate, APairDecidesBothDirections) {
  const auto findings = testing::two_task_findings();
  const auto strategy = make_strategy("enumerate", {{"a", "b"}, 8});
  const auto scores = strategy->scores(findings);
  ASSERT_EQ(scores.size(), 2u);
  EXPECT_EQ(scores[0].edge, (Edge{"b", "a"}));
  EXPECT_NEAR(scores[0].by_seed[0], 10, 1e-9);
  EXPECT_NEAR(scores[0].by_seed[1], 12, 1e-9);
  EXPECT_NEAR(scores[1].by_seed[0], -5, 1e-9);
  EXPECT_NEAR(scores[1].by_seed[1], -3, 1e-9);
}

TEST(Cost, CountsPassesAndLosses) {
  const auto findings = testing::two_task_findings();
  const auto strategy = make_strategy("enumerate", {{"a", "b"}, 8});
  auto trials = strategy->trials(findings);
  trials.push_back(trials.front());  // listed twice, trained once
  const auto cost = cost_of(trials, findings, 2);
  EXPECT_EQ(cost.trainings, 6u);
  EXPECT_EQ(cost.epochs, 2 * 3 * 8);
  EXPECT_EQ(cost.joint_epochs, 2 * (0.5 + 0.5 + 1) * 8);
  EXPECT_EQ(cost.seconds, 2 * 3 * 80);
}

TEST(SingleRun, NeedsOneJointTrainingAndAveragesItsMeasurements) {
  Findings findings({0});
  for (const auto* name : {"tag", "cosine"}) {
    const auto strategy = make_strategy(name, {{"a", "b"}, 8});
    const auto trials = strategy->trials(findings);
    ASSERT_THAT(names_of(trials), ElementsAre("a+b@affinity"));
    auto result = result_of({quality("a", 1), quality("b", 1)}, 8);
    const Edge ba{"b", "a"}, ab{"a", "b"};
    result.affinity.epochs = {{1, {{ba, 0.01}, {ab, -0.02}}, {{ba, 0.5}, {ab, 0.5}}},
                              {2, {{ba, 0.03}, {ab, NAN}}, {{ba, -0.1}, {ab, -0.1}}}};
    findings.add(trials.front(), 0, result);
    const auto scores = strategy->scores(findings);
    EXPECT_NEAR(scores[0].by_seed[0], strategy->name() == "tag" ? 2 : 0.2, 1e-12);
    EXPECT_NEAR(scores[1].by_seed[0], strategy->name() == "tag" ? -2 : 0.2, 1e-12);
    EXPECT_FALSE(strategy->scores_are_gains());
  }
}

TEST(SingleRun, ARunThatMeasuredNothingSaysSo) {
  Findings findings({0});
  const auto strategy = make_strategy("tag", {{"a", "b"}, 8});
  findings.add(strategy->trials(findings).front(), 0, result_of({quality("a", 1)}, 8));
  EXPECT_THROW(strategy->scores(findings), Error);
}

TEST(SelectTransfers, IncludesWhatIsAboveTheMargin) {
  const auto scores = scores_of({{1, 3}, {0.5, 0.5}}, {"a", "b"});
  auto selection = select_transfers({"a", "b"}, scores, 1, true);
  EXPECT_THAT(included_edges(selection), ElementsAre(Edge{"b", "a"}));
  EXPECT_EQ(selection.transfer(0).score(), 2);
  EXPECT_NEAR(selection.transfer(0).deviation(), std::sqrt(2.0), 1e-12);
  EXPECT_FALSE(selection.transfer(0).has_p_value());
  // At the margin is not above it.
  EXPECT_THAT(included_edges(select_transfers({"a", "b"}, scores, 2, true)), ElementsAre());
}

TEST(SelectTransfers, LeavesOutWhatEveryTransferHurts) {
  const auto scores = scores_of({{-1}, {-2}, {-1}, {0.5}, {0}, {-3}}, {"a", "b", "c"});
  const auto selection = select_transfers({"a", "b", "c"}, scores, 0, true);
  EXPECT_THAT(left_out_tasks(selection), ElementsAre("a"));
  EXPECT_THAT(joint_tasks(selection), ElementsAre("b", "c"));
  // What is included by a margin below zero does not leave.
  const auto lenient = select_transfers({"a", "b", "c"}, scores, -1.5, true);
  EXPECT_THAT(left_out_tasks(lenient), ElementsAre());
}

TEST(SelectTransfers, TestsOverThreeSeeds) {
  const auto scores = scores_of({{1, 2, 3}, {1, 2, 3}}, {"a", "b"});
  EXPECT_TRUE(select_transfers({"a", "b"}, scores, 0, true).transfer(0).has_p_value());
  EXPECT_FALSE(select_transfers({"a", "b"}, scores, 0, false).transfer(0).has_p_value());
}

TEST(Agreement, CountsSharedDecisions) {
  const std::vector<std::string> tasks = {"a", "b", "c"};
  const auto full =
      select_transfers(tasks, scores_of({{3}, {2}, {1}, {-1}, {-2}, {-3}}, tasks), 0, true);
  const auto other =
      select_transfers(tasks, scores_of({{.3}, {.2}, {-.1}, {-.2}, {-.3}, {-.4}}, tasks), 0, false);
  const auto found = agreement(other, full);
  EXPECT_EQ(found.shared, 5u);
  EXPECT_EQ(found.of, 6u);
  EXPECT_NEAR(found.rank_correlation, 1, 1e-12);
}

}  // namespace
}  // namespace tasuki
