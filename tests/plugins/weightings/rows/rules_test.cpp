// What the methods of gradient rows do beside their published numbers.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/plugins/weightings/linear_step.h"
#include "tests/plugins/weightings/matrix_method.h"
#include "tests/plugins/weightings/matrix_step.h"

namespace tasuki {
namespace {

using testing::is_close;
using testing::MatrixStep;

torch::Tensor random_rows(int64_t n, int64_t size = 30) {
  return torch::randn({n, size}, torch::kFloat64);
}

// Steps on rows of changing size, with what batches they may ask for.
void take_steps(MatrixStep& step, int count) {
  for (int k = 0; k < count; ++k) {
    const auto losses = torch::rand({3}, torch::kFloat64) + 0.5;
    step.take(random_rows(3) * (k + 1), losses, {random_rows(3), random_rows(3)});
  }
}

class RowMethods : public ::testing::TestWithParam<std::string> {};

TEST_P(RowMethods, AStepThatIsNotFiniteShowsAndChangesNothing) {
  torch::manual_seed(1);
  MatrixStep step("tasuki/" + GetParam(), "", 3, 30);
  take_steps(step, 3);
  std::map<std::string, torch::Tensor> before;
  for (const auto& [name, value] : step.weighting().state()) before[name] = value.clone();
  for (const double wrong : {HUGE_VAL, -HUGE_VAL, std::nan("")}) {
    auto rows = random_rows(3);
    rows[1][7] = wrong;
    step.take(rows, torch::ones({3}, torch::kFloat64), {random_rows(3), random_rows(3)});
    EXPECT_FALSE(step.direction().isfinite().all().item<bool>()) << wrong;
    const auto after = step.weighting().state();
    ASSERT_EQ(after.size(), before.size());
    for (const auto& [name, value] : before) EXPECT_TRUE(after.at(name).equal(value)) << name;
  }
}

TEST_P(RowMethods, ZeroAndEqualAndOppositeGradientsAreFinite) {
  torch::manual_seed(2);
  const auto one = random_rows(1)[0];
  MatrixStep step("tasuki/" + GetParam(), "", 3, 30);
  for (const auto& rows :
       {torch::zeros({3, 30}, torch::kFloat64), torch::stack({one, one, one}),
        torch::stack({one, -one, 0 * one}), torch::stack({one, 1e6 * one, -1e-6 * one}),
        torch::zeros({3, 30}, torch::kFloat64)}) {
    step.take(rows, torch::ones({3}, torch::kFloat64), {rows, rows});
    EXPECT_TRUE(step.direction().isfinite().all().item<bool>()) << rows.norm(2, 1);
    for (const auto& [name, value] : step.weighting().state()) {
      EXPECT_TRUE(value.isfinite().all().item<bool>()) << name;
    }
  }
}

// Objectives that pause find their state again, and it has not changed meanwhile.
TEST_P(RowMethods, KeepsTheStateOfWhoPauses) {
  torch::manual_seed(3);
  MatrixStep step("tasuki/" + GetParam(), "", 3, 30);
  take_steps(step, 2);
  std::map<std::string, torch::Tensor> before;
  for (const auto& [name, value] : step.weighting().state()) {
    if (name.rfind("shared/t1.", 0) == 0) before[name] = value.clone();
  }
  EXPECT_FALSE(before.empty());
  for (int k = 0; k < 3; ++k) {
    step.take(random_rows(2), torch::ones({2}, torch::kFloat64), {random_rows(2), random_rows(2)},
              {0, 2});
  }
  for (const auto& [name, value] : before) {
    EXPECT_TRUE(step.weighting().state().at(name).equal(value)) << name;
  }
  take_steps(step, 1);
  EXPECT_TRUE(step.direction().isfinite().all().item<bool>());
}

TEST_P(RowMethods, DoesNotDependOnTheOrderOfTasks) {
  torch::manual_seed(4);
  MatrixStep plain("tasuki/" + GetParam(), "", 3, 30), turned("tasuki/" + GetParam(), "", 3, 30);
  const auto order = torch::tensor({2, 0, 1});
  const auto turn = [&](const torch::Tensor& x) { return x.index_select(0, order); };
  for (int k = 0; k < 5; ++k) {
    const auto rows = random_rows(3), second = random_rows(3), third = random_rows(3);
    const auto losses = torch::rand({3}, torch::kFloat64) + 0.5;
    plain.take(rows, losses, {second, third});
    turned.take(turn(rows), turn(losses), {turn(second), turn(third)});
    EXPECT_TRUE(turned.direction().allclose(plain.direction(), 1e-10, 1e-10)) << k;
    EXPECT_TRUE(turned.decoders().allclose(turn(plain.decoders()), 1e-10)) << k;
  }
}

TEST_P(RowMethods, RefusesTheStateOfAnotherModel) {
  torch::manual_seed(5);
  MatrixStep step("tasuki/" + GetParam(), "", 3, 30);
  take_steps(step, 1);
  auto state = step.weighting().state();
  state["shared/t7.steps"] = torch::ones({}, torch::kFloat64);
  try {
    step.weighting().load_state(state);
    ADD_FAILURE() << "was taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kData);
    EXPECT_NE(std::string(error.what()).find("shared/t7.steps"), std::string::npos);
  }
}

TEST_P(RowMethods, FloatsComeCloseToDoubles) {
  MatrixStep wide("tasuki/" + GetParam(), "", 3, 30);
  MatrixStep narrow("tasuki/" + GetParam(), "", 3, 30, torch::kFloat32);
  torch::manual_seed(6);
  take_steps(wide, 4);
  torch::manual_seed(6);
  take_steps(narrow, 4);
  const auto difference = (narrow.direction().to(torch::kFloat64) - wide.direction()).norm();
  EXPECT_LT((difference / wide.direction().norm()).item<double>(), 1e-4);
}

INSTANTIATE_TEST_SUITE_P(WithState, RowMethods,
                         ::testing::Values("DBMTL", "ExcessMTL", "MoCo", "SAMGS", "VarGrad", "MoDo",
                                           "SDMGrad"),
                         [](const auto& info) { return info.param; });

// A buffer as long as the features would be of other images in each step.
TEST(RowState, RefusesFeatures) {
  for (const std::string name : {"DBMTL", "ExcessMTL", "MoCo", "SAMGS", "VarGrad"}) {
    testing::LinearProblem problem(testing::three_tasks());
    try {
      testing::make<Weighting>("tasuki/" + name, "gradients { at: FEATURES }", problem.context());
      ADD_FAILURE() << name << " was made";
    } catch (const OptionError& error) {
      EXPECT_EQ(error.field(), "gradients.at") << name;
    }
  }
}

TEST(RowState, RefusesBuffersOfAnotherSize) {
  MatrixStep small("tasuki/DBMTL", "", 3, 20), large("tasuki/DBMTL", "", 3, 30);
  small.take(random_rows(3, 20));
  large.weighting().load_state(small.weighting().state());
  try {
    large.take(random_rows(3));
    ADD_FAILURE() << "was taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kData);
  }
}

// Parts of the model have buffers of their own.
TEST(RowState, IsKeptByPart) {
  testing::LinearProblem problem(testing::three_tasks_with_transfers());
  const auto weighting = testing::make<Weighting>(
      "tasuki/DBMTL", "gradients { scope: SHARED_AND_ROUTES }", problem.context());
  auto step = problem.step();
  testing::take_step(*weighting, step);
  const auto state = weighting->state();
  EXPECT_EQ(state.count("shared/normal->seg.gradient"), 1u);
  EXPECT_EQ(state.at("seg/normal->seg.gradient").numel(),
            problem.own(problem.rows(), "seg").size(1));
  EXPECT_EQ(state.count("depth/normal->seg.gradient"), 0u);  // runs on another route
}

TEST(DBMTL, ALossWithoutALogarithmShows) {
  MatrixStep step("tasuki/DBMTL", "", 3, 30);
  step.take(random_rows(3), torch::tensor({1.0, -1.0, 1.0}, torch::kFloat64));
  EXPECT_TRUE(step.direction().isnan().all().item<bool>());
  EXPECT_TRUE(step.weighting().state().empty());
}

TEST(DBMTL, IsOneOnLogarithms) {
  MatrixStep step("tasuki/DBMTL", "", 3, 30);
  step.take(random_rows(3), torch::tensor({1.0, 2.0, 4.0}, torch::kFloat64));
  EXPECT_TRUE(step.decoders().equal(torch::tensor({1.0, 0.5, 0.25}, torch::kFloat64)));
}

// Weights are kept in the steps between, and the state of the method with them.
TEST(ExcessMTL, IsRenewedAtEveryKthStep) {
  torch::manual_seed(11);
  MatrixStep step("tasuki/ExcessMTL", "step_size: 1 gradients { every: 3 }", 3, 30);
  std::vector<torch::Tensor> weights;
  for (int k = 0; k < 7; ++k) {
    step.take(random_rows(3) * (k + 1));
    weights.push_back(step.decoders());
  }
  EXPECT_EQ(step.kept("steps")[0].item<double>(), 3);
  EXPECT_TRUE(weights[4].equal(weights[3]));
  EXPECT_TRUE(weights[5].equal(weights[3]));
  EXPECT_FALSE(weights[6].equal(weights[3]));
}

// README of the references: the direction is unchanged by the scales of rows.
TEST(DBMTL, DirectionDoesNotDependOnScales) {
  torch::manual_seed(7);
  const auto scales = torch::tensor({1e-2, 1.0, 1e3}, torch::kFloat64);
  MatrixStep plain("tasuki/DBMTL", "", 3, 30), scaled("tasuki/DBMTL", "", 3, 30);
  for (int k = 0; k < 4; ++k) {
    const auto rows = random_rows(3), losses = torch::rand({3}, torch::kFloat64) + 0.5;
    plain.take(rows, losses);
    scaled.take(rows * scales.unsqueeze(1), losses);
    const auto a = plain.direction(), b = scaled.direction();
    // The floor under norms, 1e-8, is seen in the shortest row: 1e-8 / 1e-2.
    EXPECT_TRUE((a / a.norm()).allclose(b / b.norm(), 0, 1e-5)) << k;
  }
}

// The paper's projection; weights on the simplex, some of them zero.
TEST(MoCo, WeightsOnTheSimplex) {
  torch::manual_seed(8);
  MatrixStep step("tasuki/MoCo",
                  "weights: SIMPLEX gamma: 5 beta_sigma: 0 gradients { scale: MEAN }", 3, 30);
  const auto rows = random_rows(3) * torch::tensor({1.0, 2.0, 8.0}, torch::kFloat64).unsqueeze(1);
  for (int k = 0; k < 5; ++k) step.take(rows, torch::tensor({1.0, 2.0, 8.0}, torch::kFloat64));
  const auto lambda = step.kept("lambda");
  EXPECT_NEAR(lambda.sum().item<double>(), 1, 1e-12);
  EXPECT_GE(lambda.min().item<double>(), 0);
  EXPECT_EQ(lambda[2].item<double>(), 0);  // the longest one
  EXPECT_TRUE(is_close(step.direction(), lambda.matmul(step.kept("gradient"))));
}

TEST(TrimmedMean, OfThreeIsTheMedian) {
  torch::manual_seed(9);
  const auto rows = random_rows(3);
  const auto median = std::get<0>(rows.median(0));
  const auto mean = testing::direction("tasuki/TrimmedMean", "", rows);
  EXPECT_TRUE(is_close(mean, median));
}

TEST(TrimmedMean, WhatIsNotFiniteIsNotTrimmedAway) {
  auto rows = random_rows(5);
  rows[1][7] = HUGE_VAL;
  rows[2][8] = std::nan("");
  const auto finite = testing::direction("tasuki/TrimmedMean", "trim: 2", rows).isfinite();
  EXPECT_EQ(finite.sum().item<int64_t>(), 28);
  EXPECT_FALSE(finite[7].item<bool>());
  EXPECT_FALSE(finite[8].item<bool>());
}

// Where lengths differ all are made as long as their mean.
TEST(SAMGS, EqualisesGradientsOfDifferentLengths) {
  torch::manual_seed(10);
  const auto rows = random_rows(3) * torch::tensor({1.0, 3.0, 9.0}, torch::kFloat64).unsqueeze(1);
  const auto norms = rows.norm(2, 1);
  const auto direction = testing::direction("tasuki/SAMGS", "", rows);
  EXPECT_TRUE(is_close(direction, (rows / norms.unsqueeze(1)).sum(0) * norms.mean()));
}

// As released: the running gradients are those of the step.
TEST(VarGrad, IsTheIdentityWithAGammaOfOne) {
  torch::manual_seed(12);
  MatrixStep step("tasuki/VarGrad", "", 3, 30);
  for (int k = 0; k < 18; ++k) {
    const auto rows = random_rows(3);
    step.take(rows);
    EXPECT_TRUE(step.kept("momentum").allclose(rows, 0, 1e-13)) << k;
  }
}

TEST(GradDrop, LeaksAreThoseOfTasks) {
  const auto rows = random_rows(3);
  const auto all = testing::direction("tasuki/GradDrop", "leaks: [1, 1, 1]", rows);
  EXPECT_TRUE(is_close(all, rows.sum(0)));
  testing::LinearProblem problem(testing::three_tasks_with_transfers());
  testing::make<Weighting>("tasuki/GradDrop", "leaks: [0, 0.5, 1]", problem.context());
  try {
    testing::make<Weighting>("tasuki/GradDrop", "leaks: [0, 1]", problem.context());
    ADD_FAILURE() << "was made";
  } catch (const OptionError& error) {
    EXPECT_EQ(error.field(), "leaks");
  }
}

}  // namespace
}  // namespace tasuki
