#include "tasuki/solvers/power_equation.h"

#include <gtest/gtest.h>

#include <iostream>

#include "tests/core/solvers/random_rows.h"

namespace tasuki::solvers {
namespace {

// The largest relative residual of K w = p w^(-1/alpha), and the condition of the equation it is
// found at: how much larger than their sum the terms of K w are.
struct Residual {
  double value = 0;
  double condition = 1;
};

Residual residual_of(const Matrix& k, const Values& p, double alpha, const Values& w) {
  Residual worst;
  for (size_t i = 0; i < w.size(); ++i) {
    long double sum = 0, terms = 0;
    for (size_t j = 0; j < w.size(); ++j) {
      sum += static_cast<long double>(k(i, j)) * w[j];
      terms += std::abs(k(i, j) * w[j]);
    }
    const double wanted = p[i] * std::pow(w[i], -1 / alpha);
    const double value = std::abs(double(sum) - wanted) / wanted;
    if (value <= worst.value) continue;
    worst = {value, double(terms) / wanted};
  }
  return worst;
}

// Those of published results and every other one up to 5; at last a large one.
double alpha_of(uint64_t seed) {
  if (seed >= 900) return 30;
  const double named[] = {0.5, 1, 2, 5};
  return seed % 5 < 4 ? named[seed % 5] : 0.5 + 4.5 * double(seed % 97) / 96;
}

class PowerEquation : public ::testing::TestWithParam<Relation> {};

TEST_P(PowerEquation, IsSolvedToRounding) {
  int beyond = 0;
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    const size_t n = size_of(seed);
    const auto k = random_gramian(GetParam(), n, seed);
    const double alpha = alpha_of(seed);
    Values p(n, 1.0);
    if (seed % 2 == 1) p[seed % n] = 3;
    const auto solution = solve_power_equation(k, p, alpha);
    ASSERT_TRUE(solution.exists) << seed;
    for (const double weight : solution.w) ASSERT_GT(weight, 0) << seed;
    const auto [value, condition] = residual_of(k, p, alpha, solution.w);
    EXPECT_LE(value, std::max(1e-8, condition * kUnit)) << seed;
    if (value <= 1e-8) continue;
    ++beyond;
    std::cout << name_of(GetParam()) << " rows, seed " << seed << ", n = " << n << ", alpha "
              << alpha << ": residual " << value << ", condition " << condition << "\n";
  }
  // Only gradients that all but cancel need more than double.
  if (GetParam() != Relation::kOpposite) {
    EXPECT_EQ(beyond, 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Every, PowerEquation, ::testing::ValuesIn(kRelations),
                         [](const auto& info) {
                           std::string name = name_of(info.param);
                           name.erase(std::remove(name.begin(), name.end(), '-'), name.end());
                           return name;
                         });

Matrix gramian_of_rows(const std::vector<Values>& rows) {
  Matrix gramian(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    for (size_t j = 0; j < rows.size(); ++j) gramian(i, j) = dot(rows[i], rows[j]);
  }
  return gramian;
}

TEST(PowerEquationOf, OneRowIsAPower) {
  const auto solution = solve_power_equation(gramian_of_rows({{3, 4}}), {2}, 2);
  EXPECT_TRUE(solution.exists);  // 25 w = 2 w^(-1/2)
  EXPECT_NEAR(solution.w[0], std::pow(2.0 / 25, 2.0 / 3), 1e-15);
}

TEST(PowerEquationOf, RowsThatAreZeroGivesTheMeanOfTheOthers) {
  const auto with =
      solve_power_equation(gramian_of_rows({{1, 2}, {0, 0}, {2, -0.5}}), {1, 1, 1}, 1);
  const auto without = solve_power_equation(gramian_of_rows({{1, 2}, {2, -0.5}}), {1, 1}, 1);
  EXPECT_FALSE(with.exists);
  EXPECT_EQ(with.w, (Values{without.w[0], (without.w[0] + without.w[1]) / 2, without.w[1]}));
  EXPECT_EQ(solve_power_equation(Matrix(3), {1, 1, 1}, 2).w, (Values{1, 1, 1}));
}

TEST(PowerEquationOf, RowsThatCancelGivesTheWeightsOfThat) {
  const auto opposite = solve_power_equation(gramian_of_rows({{1, 2}, {-3, -6}}), {1, 1}, 1);
  EXPECT_FALSE(opposite.exists);
  EXPECT_NEAR(opposite.w[0], 0.75, 1e-14);
  EXPECT_NEAR(opposite.w[1], 0.25, 1e-14);
  const auto k = gramian_of_rows({{1, 0}, {-1, 1}, {-1, -1}});
  const auto stationary = solve_power_equation(k, {1, 1, 1}, 5);
  EXPECT_FALSE(stationary.exists);
  EXPECT_NEAR(norm(k, stationary.w), 0, 1e-7);
  EXPECT_NEAR(stationary.w[0] + stationary.w[1] + stationary.w[2], 1, 1e-14);
}

}  // namespace
}  // namespace tasuki::solvers
