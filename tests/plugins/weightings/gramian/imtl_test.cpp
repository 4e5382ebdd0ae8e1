#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/plugins/weightings/fixtures.h"
#include "tests/plugins/weightings/linear_step.h"

namespace tasuki {
namespace {

using testing::is_close;
using testing::LinearProblem;

constexpr double kStep = 0.1;  // learning rate of LinearProblem's steps

std::unique_ptr<Weighting> make_imtl(LinearProblem& problem, const std::string& options = "") {
  auto context = problem.context();
  context.make_optimizer = [](const Optimizer::Context& own) {
    return testing::make<Optimizer>("tasuki/SGD", "momentum: 0 weight_decay: 0", own);
  };
  return testing::make<Weighting>("tasuki/IMTL", options, context);
}

// The combination of these rows, with weights that sum to 1, whose projections are equal: by the
// differences of the unit rows, as the paper derives it.
torch::Tensor impartial(const torch::Tensor& rows) {
  const auto unit = rows / rows.norm(2, 1, true);
  const auto differences = rows.slice(0, 0, 1) - rows.slice(0, 1);
  const auto normals = unit.slice(0, 0, 1) - unit.slice(0, 1);
  const auto rest = torch::linalg_solve(normals.matmul(differences.t()),
                                        normals.mv(rows[0]).unsqueeze(1), /*left=*/true)
                        .squeeze(1);
  return rows[0] - rest.matmul(differences);
}

TEST(IMTL, FollowsItsFormulaOverTenSteps) {
  torch::manual_seed(1);
  LinearProblem problem(testing::three_tasks());
  const auto weighting = make_imtl(problem, "gradients { scale: MEAN }");
  std::vector<double> log_scales(3, 0.0);
  for (int step = 0; step < 10; ++step) {
    problem.set_rows(torch::randn_like(problem.rows()));
    auto context = problem.step();
    const auto losses = to_vector(context.loss_values());
    const auto factors = testing::take_step(*weighting, context);
    auto scaled = problem.rows().clone();
    for (size_t i = 0; i < 3; ++i) {
      scaled[int64_t(i)] *= std::exp(log_scales[i]);
      EXPECT_NEAR(factors[i], std::exp(log_scales[i]), 1e-12) << step;
      log_scales[i] -= kStep * (std::exp(log_scales[i]) * losses[i] - 1);
      const auto name = testing::three_tasks()[i].name;
      EXPECT_NEAR(weighting->state().at(name + ".log_scale").item<double>(), log_scales[i], 1e-12);
      EXPECT_TRUE(is_close(problem.decoder(problem.gradient(), name),
                           problem.decoder(scaled[int64_t(i)], name)));
    }
    const auto expected = impartial(problem.shared(scaled));
    EXPECT_LE((problem.shared(problem.gradient()) - expected).norm().item<double>(),
              1e-9 * expected.norm().item<double>())
        << step;
  }
}

TEST(IMTL, MultipliesByTheNumberOfObjectivesUnlessTold) {
  torch::manual_seed(2);
  LinearProblem problem(testing::three_tasks());
  auto step = problem.step();
  testing::take_step(*make_imtl(problem), step);
  EXPECT_TRUE(
      is_close(problem.shared(problem.gradient()), 3 * impartial(problem.shared(problem.rows()))));
}

// The gradients and losses of a fixture, on a problem of as many tasks.
TEST(IMTL, TakesTheStepOfLibMTL) {
  if (!testing::has_fixtures()) GTEST_SKIP() << testing::kNoFixtures;
  const auto& fixtures = testing::read_fixture("libmtl.json");
  int count = 0;
  for (const auto& entry : fixtures["entries"]) {
    if (entry["method"] != "IMTL" || entry.contains("error")) continue;
    const auto matrix = testing::to_tensor(fixtures["matrices"][entry["input"]]);
    const auto& expected = entry["calls"][0];
    std::vector<Objective> tasks;
    for (int64_t i = 0; i < matrix.size(0); ++i) {
      tasks.push_back(Objective::primary("t" + std::to_string(i)));
    }
    LinearProblem problem(tasks);
    problem.set_shared(torch::constant_pad_nd(matrix, {0, 34 - matrix.size(1)}));
    const auto weighting = make_imtl(problem, "gradients { scale: MEAN }");
    auto step = problem.step();
    for (size_t i = 0; i < tasks.size(); ++i) {
      auto& loss = step.losses[i];
      loss = loss - loss.detach() + entry["losses"][i].get<double>();
    }
    testing::take_step(*weighting, step);
    const auto shared = problem.shared(problem.gradient()).slice(0, 0, matrix.size(1));
    EXPECT_LE(
        testing::relative_difference(shared, testing::to_tensor(expected["shared_grad"]), matrix),
        entry["input"] == "scale_gap" ? 1e-5 : 1e-9)
        << testing::name(entry);
    for (size_t i = 0; i < tasks.size(); ++i) {
      EXPECT_NEAR(weighting->state().at(tasks[i].name + ".log_scale").item<double>(),
                  expected["state"]["loss_scale_after_sgd_lr0.1"][i].get<double>(), 1e-12);
    }
    ++count;
  }
  EXPECT_GE(count, 5);
}

TEST(IMTL, RefusesWhatWouldUndoItsScales) {
  LinearProblem problem(testing::three_tasks());
  const auto refusal = [&](const std::string& options, Train::RouteNormalization mode) {
    auto context = problem.context();
    context.route_normalization = mode;
    try {
      testing::make<Weighting>("tasuki/IMTL", options, context);
    } catch (const OptionError& error) {
      return std::string(error.what());
    }
    return std::string("nothing refused");
  };
  EXPECT_THAT(refusal("gradients { log_losses: true }", Train::NONE),
              ::testing::HasSubstr("undo the scales"));
  EXPECT_THAT(refusal("", Train::SUM), ::testing::HasSubstr("choose COUNT"));
  EXPECT_EQ(refusal("", Train::MEAN_OVER_COUNT), "nothing refused");
}

}  // namespace
}  // namespace tasuki
