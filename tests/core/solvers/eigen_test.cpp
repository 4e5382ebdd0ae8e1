#include "tasuki/solvers/eigen.h"

#include <gtest/gtest.h>

#include "tests/core/solvers/random_rows.h"

namespace tasuki::solvers {
namespace {

TEST(Eigen, PutsTheMatrixTogetherAgain) {
  for (const auto relation : kRelations) {
    for (uint64_t seed = 0; seed < 200; ++seed) {
      const size_t n = size_of(seed);
      const auto k = random_gramian(relation, n, seed);
      const auto [values, vectors] = eigen_decomposition(k);
      ASSERT_TRUE(std::is_sorted(values.rbegin(), values.rend()));
      for (size_t i = 0; i < n; ++i) {
        for (size_t j = 0; j < n; ++j) {
          double sum = 0, inner = 0;
          for (size_t m = 0; m < n; ++m) {
            sum += vectors(i, m) * values[m] * vectors(j, m);
            inner += vectors(m, i) * vectors(m, j);
          }
          ASSERT_NEAR(sum, k(i, j), 1e-13 * values[0]) << name_of(relation) << " " << seed;
          ASSERT_NEAR(inner, i == j ? 1 : 0, 1e-13) << name_of(relation) << " " << seed;
        }
      }
    }
  }
}

// A graded matrix whose smallest eigenvalue is known to all digits.
TEST(Eigen, KeepsTheDigitsOfSmallEigenvalues) {
  Matrix a(2);
  a(0, 0) = 1e12;
  a(0, 1) = a(1, 0) = 0.5e3;
  a(1, 1) = 1e-6;
  // The determinant over the trace, 1 - 0.25 of what the diagonal has.
  EXPECT_NEAR(eigen_decomposition(a).values[1] / 0.75e-6, 1, 1e-12);
}

TEST(LeastNorm, IsTheInverseWhereThereIsOne) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const size_t n = size_of(seed);
    const auto k = random_gramian(Relation::kIndependent, n, 3 * seed + 1);
    Values x(n);
    for (size_t i = 0; i < n; ++i) x[i] = double(i) - 2;
    const auto found = solve_least_norm(k, multiply(k, x));
    for (size_t i = 0; i < n; ++i) ASSERT_NEAR(found[i], x[i], 1e-9) << seed;
  }
}

TEST(LeastNorm, IsThePseudoInverseElsewhere) {
  Matrix a(3);  // of rank 1: (1, 2, 3)' (1, 2, 3)
  for (size_t i = 0; i < 3; ++i) {
    for (size_t j = 0; j < 3; ++j) a(i, j) = double((i + 1) * (j + 1));
  }
  const auto x = solve_least_norm(a, {14, 28, 42});
  for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(x[i], double(i + 1), 1e-12);
  const auto across = solve_least_norm(a, {3, 0, -1});
  for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(across[i], 0, 1e-12);
  EXPECT_EQ(solve_least_norm(Matrix(2), {1, 1}), (Values{0, 0}));
}

}  // namespace
}  // namespace tasuki::solvers
