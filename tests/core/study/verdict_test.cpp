#include "tasuki/study/verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tasuki/error/error.h"

namespace tasuki {
namespace {

using ::testing::HasSubstr;

Rule means_alone(const std::string& target = "") {
  Rule rule;
  rule.target = target;
  rule.confidence = 0;
  return rule;
}

TEST(Verdict, ByTheMeansAlone) {
  const std::vector<TaskGain> gains = {{"seg", true, {3, 1}}, {"depth", true, {-0.5, -0.9}}};
  const auto verdict = judge(means_alone("seg"), gains);
  EXPECT_TRUE(verdict.adopt);
  EXPECT_EQ(verdict.target, "seg");
  ASSERT_EQ(verdict.conditions.size(), 2u);
  EXPECT_EQ(verdict.conditions[0].text, "seg gains more than 0 %");
  EXPECT_EQ(verdict.conditions[1].text, "depth loses no more than 1 %");
  EXPECT_FALSE(verdict.confidence_assessed);
}

// An infinite gain, where a baseline's figure is 0, is no evidence; nor is one not measured.
TEST(Verdict, AGainThatIsNoNumberShowsNothing) {
  for (const double odd : {double(INFINITY), double(NAN)}) {
    const auto verdict = judge({}, {{"seg", true, {odd, -50, -50}}});
    EXPECT_FALSE(verdict.adopt) << odd;
    EXPECT_TRUE(verdict.confidence_assessed) << odd;
  }
  const auto verdict =
      judge(means_alone(), {{"seg", true, {NAN}}, {"depth", true, {2}}, {"edge", true, {1}}});
  EXPECT_EQ(verdict.target, "depth");
}

TEST(Verdict, LimitsAreHeld) {
  const std::vector<TaskGain> gains = {{"seg", true, {2}}, {"depth", true, {-1}}};
  auto rule = means_alone("seg");
  rule.least_gain = 2;  // more than that
  EXPECT_FALSE(judge(rule, gains).adopt);
  rule.least_gain = 1.99;
  EXPECT_TRUE(judge(rule, gains).adopt);  // a loss of 1 % is no more than 1 %
  rule.most_loss = 0.99;
  const auto verdict = judge(rule, gains);
  EXPECT_FALSE(verdict.adopt);
  EXPECT_THAT(verdict.summary, HasSubstr("depth loses no more than 0.99 % (measured: -1 %)"));
}

TEST(Verdict, AnyTaskMayBeTheTarget) {
  // c gains most, but with b as the target c may not lose; a is hurt too much for either.
  std::vector<TaskGain> gains = {{"a", true, {-0.5}}, {"b", true, {1}}, {"c", true, {4}}};
  EXPECT_EQ(judge(means_alone(), gains).target, "c");
  EXPECT_TRUE(judge(means_alone(), gains).adopt);
  gains[0].by_seed = {-2};
  EXPECT_FALSE(judge(means_alone(), gains).adopt);
}

TEST(Verdict, WithThreeSeedsConditionsMustBeSure) {
  // Mean 1, deviation 1: t = sqrt(3), p = 0.113 with two degrees of freedom.
  std::vector<TaskGain> gains = {{"seg", true, {0, 1, 2}}, {"depth", true, {0, 0, 0}}};
  Rule rule;
  rule.target = "seg";
  auto verdict = judge(rule, gains);
  EXPECT_TRUE(verdict.confidence_assessed);
  EXPECT_FALSE(verdict.adopt);
  EXPECT_NEAR(verdict.conditions[0].p, 0.1127, 5e-5);
  EXPECT_TRUE(verdict.conditions[1].holds);
  rule.confidence = 0.88;
  EXPECT_TRUE(judge(rule, gains).adopt);
  // Any of two tasks may be the target: each test has half of the error.
  rule.target = "";
  EXPECT_FALSE(judge(rule, gains).adopt);
  rule.confidence = 0.77;
  EXPECT_TRUE(judge(rule, gains).adopt);
}

TEST(Verdict, TwoSeedsAreNotAssessed) {
  Rule rule;
  const auto verdict = judge(rule, {{"seg", true, {1, 2}}, {"depth", true, {0, 0}}});
  EXPECT_TRUE(verdict.adopt);
  EXPECT_FALSE(verdict.confidence_assessed);
}

// However sure the trainings seem that chose what they judge.
TEST(Verdict, ExploratoryEvidenceIsNeverTested) {
  const std::vector<TaskGain> gains = {{"seg", true, {5, 5.1, 5.2}}, {"depth", true, {0, 0, 0}}};
  EXPECT_TRUE(judge({}, gains).confidence_assessed);
  const auto verdict = judge({}, gains, Evidence::kExploratory);
  EXPECT_TRUE(verdict.exploratory);
  EXPECT_TRUE(verdict.adopt);
  EXPECT_FALSE(verdict.confidence_assessed);
  EXPECT_EQ(verdict.conditions[0].p, 1);
}

TEST(Verdict, WhatIsLeftOutCanNeitherGainNorLose) {
  const std::vector<TaskGain> gains = {{"seg", true, {2}}, {"normal", false, {0}}};
  auto verdict = judge(means_alone(), gains);
  EXPECT_TRUE(verdict.adopt);
  EXPECT_EQ(verdict.conditions.size(), 1u);
  verdict = judge(means_alone("normal"), gains);
  EXPECT_FALSE(verdict.adopt);
  EXPECT_EQ(verdict.summary, "normal is left out of the joint model: it can't gain.");
  verdict = judge(means_alone(), {{"seg", false, {0}}, {"normal", false, {0}}});
  EXPECT_FALSE(verdict.adopt);
  EXPECT_THAT(verdict.summary, HasSubstr("no task is left"));
}

TEST(Verdict, WhatWasNotMeasuredIsNotAdopted) {
  EXPECT_FALSE(judge(means_alone(), {{"seg", true, {NAN}}, {"depth", true, {1}}}).adopt);
}

TEST(Verdict, AnUnknownTargetIsAnError) {
  try {
    judge(means_alone("sge"), {{"seg", true, {1}}});
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "--target sge: there is no such task (did you mean \"seg\"?); there are: seg");
  }
}

}  // namespace
}  // namespace tasuki
