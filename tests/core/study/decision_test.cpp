#include "tasuki/study/decision.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/core/report/markup_reader.h"
#include "tests/core/study/findings.h"

namespace tasuki {
namespace {

using ::testing::HasSubstr;
using testing::quality;
using testing::result_of;

// a and b over two seeds; the pair helps a and hurts b, which leaves; a with b's help has 120.
class DecisionTest : public ::testing::Test {
 protected:
  DecisionTest() {
    const auto strategy = make_strategy("enumerate", {kTasks, 8});
    StrategyOutcome outcome{"enumerate",
                            "gain in percent",
                            select_transfers(kTasks, strategy->scores(findings_), 0, true),
                            cost_of(strategy->trials(findings_), findings_, 2),
                            {}};
    decision_.strategies.push_back(outcome);
    final_ = final_trial(outcome.selection);
    for (const uint64_t seed : findings_.seeds()) {
      findings_.add(*final_, seed, result_of({quality("a", 120)}, 8));
    }
    decision_.config = "<two & tasks>";
    decision_.before = {{"a alone", {"a"}, 100, "x"}, {"b alone", {"b"}, 100, "y"}};
    decision_.after = {{"joint model", {"a"}, 150, "z"}, decision_.before[1]};
    fill_decision(decision_, kTasks, final_, findings_, Evidence::kFresh);
    decision_.seeds = {5};
    decision_.choosing = cost_of(strategy->trials(findings_), findings_, 2);
    decision_.judging = cost_of({alone("a"), alone("b"), *final_}, findings_, 2);
  }

  const std::vector<std::string> kTasks = {"a", "b"};
  Findings findings_ = testing::two_task_findings();
  std::optional<Trial> final_;
  Decision decision_;
};

TEST_F(DecisionTest, TheFinalModelHasTheSelection) {
  ASSERT_TRUE(final_);
  EXPECT_EQ(trial_name(*final_), "a,b~a");
}

TEST_F(DecisionTest, GainsAreAgainstSingleTaskModels) {
  EXPECT_NEAR(decision_.tasks[0].gain.by_seed[0], 20, 1e-9);
  EXPECT_FALSE(decision_.tasks[1].gain.joint);
  EXPECT_EQ(decision_.tasks[1].gain.by_seed[0], 0);  // its single-task model serves it
  EXPECT_NEAR(decision_.delta_m.mean, 10, 1e-9);
  EXPECT_TRUE(decision_.verdict.adopt);
  EXPECT_EQ(decision_.verdict.target, "a");
  // The pair of two tasks is the plain joint model.
  ASSERT_TRUE(decision_.joint_delta_m);
  EXPECT_NEAR(decision_.joint_delta_m->mean, (11 - 4) / 2.0, 1e-9);
}

TEST_F(DecisionTest, CostsAreCounted) {
  EXPECT_EQ(decision_.singles.epochs, 2 * 2 * 8);
  EXPECT_EQ(decision_.final_model.epochs, 2 * 8);
  EXPECT_EQ(decision_.final_model.joint_epochs, 2 * 8);  // two losses of two
}

TEST_F(DecisionTest, JsonHasEverything) {
  const auto out = nlohmann::json::parse(decision_json(decision_));
  EXPECT_EQ(out["verdict"]["adopt"], true);
  EXPECT_EQ(out["tasks"]["b"]["joint"], false);
  EXPECT_NEAR(out["tasks"]["a"]["metrics"]["quality"]["after"]["mean"].get<double>(), 120, 1e-9);
  EXPECT_EQ(out["inference"]["before"]["parameters"], 200);
  EXPECT_EQ(out["inference"]["after"]["parameters"], 250);
  EXPECT_EQ(out["strategies"][0]["left_out"][0], "b");
  EXPECT_EQ(out["strategies"][0]["cost"]["epochs"], 48);
  EXPECT_EQ(out["training"]["choosing"]["epochs"], 48);
  EXPECT_EQ(out["training"]["verdict"]["epochs"], 48);
  EXPECT_EQ(out["training"]["whole_search"]["epochs"], 96);
  EXPECT_EQ(out["seeds"], nlohmann::json({5}));
  EXPECT_EQ(out["verdict_seeds"], nlohmann::json({0, 1}));
  EXPECT_EQ(out["verdict"]["exploratory"], false);
  EXPECT_TRUE(out["next_config"].is_null());
}

TEST_F(DecisionTest, PageIsWellFormedAndSelfContained) {
  decision_.next_config = "base: \"<a & b>\"\n";
  const auto page = decision_html(decision_);
  const report::MarkupReader reader(page.substr(page.find('\n') + 1));
  EXPECT_EQ(reader.problem(), "");
  EXPECT_THAT(page, HasSubstr("Adopt"));
  EXPECT_THAT(page, HasSubstr("class=\"heat\""));
  EXPECT_THAT(page, HasSubstr("base: &quot;&lt;a &amp; b&gt;&quot;"));
  EXPECT_EQ(page.find("src=\"http"), std::string::npos);
  EXPECT_EQ(reader.count("script"), 1u);  // the page's own
}

TEST_F(DecisionTest, WhatHalvingDroppedIsMarked) {
  auto& transfer = *decision_.strategies[0].selection.mutable_transfer(1);
  transfer.set_dropped_after(2);
  transfer.set_score(7);
  const auto page = decision_html(decision_);
  EXPECT_THAT(page, HasSubstr("dropped after 2 epochs"));
  EXPECT_THAT(page, HasSubstr("(7.0)"));
  const auto out = nlohmann::json::parse(decision_json(decision_));
  EXPECT_EQ(out["strategies"][0]["transfers"][1]["dropped_after_epochs"], 2);
  EXPECT_FALSE(out["strategies"][0]["transfers"][0].contains("dropped_after_epochs"));
}

TEST_F(DecisionTest, PageStatesBothPrices) {
  const auto page = decision_html(decision_);
  EXPECT_THAT(page, HasSubstr("Price: to choose 6 trainings, 32 epochs of the joint model; for the "
                              "verdict 6 trainings, 32 epochs of the joint model."));
  EXPECT_THAT(page, HasSubstr("2 others"));
  EXPECT_EQ(page.find("xploratory"), std::string::npos);
}

TEST_F(DecisionTest, AnExploratoryOneSaysSoEverywhere) {
  decision_.tasks.clear();
  fill_decision(decision_, kTasks, final_, findings_, Evidence::kExploratory);
  EXPECT_THAT(
      decision_html(decision_),
      ::testing::AllOf(HasSubstr("Adopt (exploratory)"), HasSubstr("the same (exploratory)"),
                       HasSubstr("which favours what was chosen")));
  const auto verdict = nlohmann::json::parse(decision_json(decision_))["verdict"];
  EXPECT_EQ(verdict["exploratory"], true);
  EXPECT_EQ(verdict["confidence_assessed"], false);
}

TEST(FinalTrial, ThereIsNoneWhereEveryTaskLeaves) {
  Selection selection;
  auto& task = *selection.add_task();
  task.set_name("a");
  task.set_joint(false);
  EXPECT_FALSE(final_trial(selection));
}

}  // namespace
}  // namespace tasuki
