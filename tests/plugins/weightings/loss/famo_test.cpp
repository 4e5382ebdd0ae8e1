#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "tests/plugins/weightings/loss/fixtures.h"
#include "tests/plugins/weightings/loss/loss_run.h"

namespace tasuki {
namespace {

using testing::is_near;
using testing::LossRun;
using testing::Values;

TEST(FAMO, GivesMoreWeightToWhatImprovedLess) {
  LossRun run("tasuki/FAMO", "weight_decay: 0", 3);
  for (int i = 0; i < 20; ++i) {
    const auto factors = run.step({1, 1, 1});
    EXPECT_NEAR(std::accumulate(factors.begin(), factors.end(), 0.0), 1, 1e-12);
    run.update({0.5, 0.9, 1.1});
  }
  const auto factors = run.step({1, 1, 1});
  EXPECT_LT(factors[0], factors[1]);
  EXPECT_LT(factors[1], factors[2]);
}

// Each has its own count of Adam's updates.
TEST(FAMO, AnObjectiveThatDoesNotRunIsLeftAlone) {
  LossRun run("tasuki/FAMO", "", 3);
  run.step({1, 2, 3});
  run.update({2, 1, 1});
  std::map<std::string, Values> before;
  for (const std::string column : {"logit", "exp_avg", "exp_avg_sq", "updates"}) {
    before[column] = run.kept(column);
  }
  EXPECT_EQ(run.step({1, 2}, 0, {0, 2}).size(), 2u);
  run.update({2, 1});
  for (const auto& [column, values] : before) {
    EXPECT_EQ(run.kept(column)[1], values[1]) << column;
    EXPECT_NE(run.kept(column)[2], values[2]) << column;
  }
  EXPECT_EQ(run.kept("updates"), (Values{2, 1, 2}));
}

TEST(FAMO, AnUpdateThatBreaksALossTeachesNothing) {
  LossRun run("tasuki/FAMO", "min_loss { objective: \"t1\" value: 0.5 }", 2);
  run.step({1, 2});
  run.update({0.5, 1.5});
  const auto before = run.kept("logit");
  for (const double bad : {0.25, std::nan("")}) {
    run.step({1, 2});
    run.update({0.5, bad});
    EXPECT_EQ(run.kept("logit"), before);
  }
}

TEST(FAMO, TakesLossesFarApart) {
  LossRun run("tasuki/FAMO", "", 2);
  for (const double loss : run.step({1e-300, 1e300})) EXPECT_TRUE(std::isfinite(loss));
  run.update({1e-299, 1e299});
  for (const double loss : run.step({1e-300, 1e300})) EXPECT_TRUE(std::isfinite(loss));
}

TEST(FAMO, LooksAtItsBatchOnceAStep) {
  testing::LinearProblem problem(testing::three_tasks());
  const auto weighting = testing::make<Weighting>("tasuki/FAMO", "", problem.context());
  EXPECT_FALSE(weighting->needs().validation_batch);
  testing::LinearLookAhead look_ahead(problem, {0, 1, 2}, {0, 1, 2});
  for (int i = 1; i < 4; ++i) {
    auto step = problem.step();
    step.look_ahead = &look_ahead;
    testing::take_step(*weighting, step);
    weighting->after_update(step);
    EXPECT_EQ(look_ahead.training_calls, i);
    EXPECT_EQ(problem.kept_graph, std::vector<bool>{false});
  }
}

}  // namespace
}  // namespace tasuki
