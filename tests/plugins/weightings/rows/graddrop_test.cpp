#include <gtest/gtest.h>

#include <cmath>

#include "tests/plugins/weightings/linear_step.h"
#include "tests/plugins/weightings/matrix_method.h"

namespace tasuki {
namespace {

using testing::is_close;
using testing::LinearProblem;

// Gradients of three objectives on the shared part, and what GradDrop makes of them.
class GradDrop : public ::testing::TestWithParam<torch::ScalarType> {
 protected:
  GradDrop() {
    torch::manual_seed(1);
    rows_ = torch::randn({3, 34}, GetParam());
  }

  const torch::Tensor& rows() const { return rows_; }
  torch::Tensor positive() const { return rows().clamp_min(0).sum(0); }
  torch::Tensor negative() const { return rows().clamp_max(0).sum(0); }
  // [34], with the next random numbers.
  torch::Tensor combine(const std::string& options = "") {
    return testing::direction("tasuki/GradDrop", options, rows_, seed_++);
  }

  torch::Tensor rows_;
  uint64_t seed_ = 0;
};

// Where `combined` is all that is positive, and where all that is negative; every element is one.
bool has_one_sign(const torch::Tensor& combined, const torch::Tensor& rows) {
  const double bound = rows.scalar_type() == torch::kFloat64 ? 1e-12 : 1e-5;
  const auto above = (combined - rows.clamp_min(0).sum(0)).abs() < bound;
  const auto below = (combined - rows.clamp_max(0).sum(0)).abs() < bound;
  return (above | below).all().item<bool>();
}

TEST_P(GradDrop, KeepsGradientsOfOneSignInEachElement) {
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(has_one_sign(combine(), rows()));
}

TEST_P(GradDrop, KeepsOneSignOnRoutesToo) {
  LinearProblem problem(testing::three_tasks_with_transfers(), GetParam());
  auto step = problem.step();
  const auto weighting =
      testing::make<Weighting>("tasuki/GradDrop", "scope: SHARED_AND_ROUTES", problem.context());
  testing::take_step(*weighting, step);
  for (const std::string route : {"seg", "depth", "normal"}) {
    EXPECT_TRUE(
        has_one_sign(problem.own(problem.gradient(), route), problem.own(problem.rows(), route)))
        << route;
  }
}

TEST_P(GradDrop, ElementsOfOneSignAreSummed) {
  rows_ = rows_.abs();
  EXPECT_TRUE(is_close(combine(), rows().sum(0)));
  rows_ = -rows_;
  EXPECT_TRUE(is_close(combine(), rows().sum(0)));
}

// An element is the positive sum S with probability P = S / (S - N), else the negative sum N: its
// expectation is S + N, its variance -S N.
TEST_P(GradDrop, ExpectationIsThePlainSum) {
  constexpr int kDraws = 4000;
  auto total = torch::zeros({34}, torch::kFloat64);
  for (int i = 0; i < kDraws; ++i) total += combine();
  const auto positive = this->positive().to(torch::kFloat64);
  const auto negative = this->negative().to(torch::kFloat64);
  const auto standard_error = (-positive * negative / kDraws).sqrt();
  const auto error = (total / kDraws - positive - negative).abs();
  // 1e-5 for the rounding of elements whose gradients all have one sign.
  EXPECT_TRUE((error < 5 * standard_error + 1e-5).all().item<bool>()) << error / standard_error;
}

TEST_P(GradDrop, ElementsAreDrawnOneByOneByTheirPurity) {
  // Everywhere +3 and -1: positive with probability 3/4.
  rows_ = torch::tensor({1.0, 2.0, -1.0}, torch::TensorOptions(GetParam()))
              .unsqueeze(1)
              .expand({3, 34});
  constexpr int kDraws = 200;
  double share = 0;
  for (int i = 0; i < kDraws; ++i) {
    share += (combine() > 0).to(torch::kFloat64).mean().item<double>() / kDraws;
  }
  EXPECT_NEAR(share, 0.75, 5 * std::sqrt(0.75 * 0.25 / (34 * kDraws)));
}

TEST_P(GradDrop, WhatLeaksIsAPartOfTheSum) {
  const auto sum = rows().sum(0);
  const auto dropped = combine();
  seed_ = 0;
  EXPECT_TRUE(is_close(combine("leak: 0.3"), 0.3 * sum + 0.7 * dropped));
  EXPECT_TRUE(is_close(combine("leak: 1"), sum));
}

// Dropping an infinite gradient for a finite one of the other sign would hide that the step is bad.
TEST_P(GradDrop, AGradientThatIsNotFiniteStaysSo) {
  for (const double wrong : {HUGE_VAL, -HUGE_VAL, std::nan("")}) {
    rows_[1][7] = wrong;
    for (int i = 0; i < 10; ++i) {
      const auto finite = combine().isfinite();
      EXPECT_FALSE(finite[7].item<bool>()) << wrong;
      EXPECT_EQ(finite.sum().item<int64_t>(), 33) << wrong;
    }
  }
}

TEST_P(GradDrop, RefusesALeakOutOfRange) {
  for (const std::string value : {"-0.1", "1.1", "nan"}) {
    try {
      combine("leak: " + value);
      ADD_FAILURE() << value << " was taken";
    } catch (const OptionError& error) {
      EXPECT_EQ(error.field(), "leak");
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Types, GradDrop, ::testing::Values(torch::kFloat64, torch::kFloat32),
                         [](const auto& info) {
                           return info.param == torch::kFloat64 ? "float64" : "float32";
                         });

}  // namespace
}  // namespace tasuki
