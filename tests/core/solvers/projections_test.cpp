#include <gtest/gtest.h>

#include <numeric>

#include "tasuki/solvers/conflict_averse.h"
#include "tasuki/solvers/constrained_descent.h"
#include "tasuki/solvers/dual_cone.h"
#include "tasuki/solvers/min_norm.h"
#include "tasuki/solvers/non_negative.h"
#include "tests/core/solvers/random_rows.h"

namespace tasuki::solvers {
namespace {

// Over 1000 seeds of each relation.
template <class Check>
void for_each_gramian(const Check& check) {
  for (const auto relation : kRelations) {
    for (uint64_t seed = 0; seed < 1000; ++seed) {
      SCOPED_TRACE(std::string(name_of(relation)) + " rows, seed " + std::to_string(seed));
      check(random_gramian(relation, size_of(seed), seed), seed);
    }
  }
}

// g_i . d = |d|^2 on the support and no less elsewhere, relative to |g_i| |d|.
TEST(MinNorm, MeetsItsOptimalityCondition) {
  for_each_gramian([](const Matrix& k, uint64_t) {
    const auto w = min_norm_weights(k);
    const auto inner = multiply(k, w);
    const double squared = dot(w, inner);
    EXPECT_NEAR(std::accumulate(w.begin(), w.end(), 0.0), 1, 1e-12);
    for (size_t i = 0; i < w.size(); ++i) {
      const double bound = 1e-8 * length_of(k, i) * std::sqrt(squared);
      ASSERT_GE(w[i], 0);
      ASSERT_GE(inner[i], squared - bound);
      if (w[i] > 0) {
        ASSERT_LE(inner[i], squared + bound);
      }
    }
  });
}

// Rows of one length but the last, which is the constraint's. g_i . d is the least where w_i > 0; q
// . d >= phi |q|^2, with equality where v > 0.
TEST(ConstrainedDescent, MeetsItsOptimalityCondition) {
  int bound = 0, free = 0;
  for_each_gramian([&](const Matrix& rows, uint64_t seed) {
    auto k = rows;
    for (size_t i = 0; i + 1 < k.size(); ++i) {
      const double length = length_of(rows, i);
      for (size_t j = 0; j < k.size(); ++j) k(i, j) /= length, k(j, i) /= length;
    }
    const double phis[] = {0, 0.1, 0.5, 2};
    const double phi = phis[seed % 4];
    const size_t m = k.size() - 1;
    const auto [w, v] = constrained_descent(k, phi);
    EXPECT_NEAR(std::accumulate(w.begin(), w.end(), 0.0), 1, 1e-12);
    auto all = w;
    all.push_back(v);
    const auto inner = multiply(k, all);
    const double length = norm(k, all);
    const auto least = size_t(std::min_element(inner.begin(), inner.end() - 1) - inner.begin());
    for (size_t i = 0; i < m; ++i) {
      ASSERT_GE(w[i], 0);
      if (w[i] > 0) {
        const double lengths = length_of(k, i) + length_of(k, least);
        ASSERT_LE(inner[i], inner[least] + 1e-8 * lengths * length);
      }
    }
    const double over = inner[m] - phi * k(m, m);
    ASSERT_GE(v, 0);
    ASSERT_GE(over, -1e-8 * length_of(k, m) * length);
    if (v > 0) {
      ASSERT_LE(over, 1e-8 * length_of(k, m) * length);
    }
    ++(v > 0 ? bound : free);
  });
  EXPECT_GT(bound, 500);
  EXPECT_GT(free, 500);
}

TEST(ConstrainedDescent, WithoutAConstraintIsTheShortestVector) {
  const auto k = random_gramian(Relation::kIndependent, 5, 3);
  Matrix with_zero(6);
  for (size_t i = 0; i < 5; ++i) {
    for (size_t j = 0; j < 5; ++j) with_zero(i, j) = k(i, j);
  }
  const auto [w, v] = constrained_descent(with_zero, 0.1);
  EXPECT_EQ(v, 0);
  EXPECT_EQ(w, min_norm_weights(k));
}

// Of functions whose gradients are all the constraint's own, the one that it lowers most is led by.
TEST(ConstrainedDescent, GradientsAlongTheConstraint) {
  const Values lengths = {-1, 2, 0.5, 1};  // the last is q
  Matrix k(4);
  for (size_t i = 0; i < 4; ++i) {
    for (size_t j = 0; j < 4; ++j) k(i, j) = lengths[i] * lengths[j];
  }
  const auto [w, v] = constrained_descent(k, 0.1);
  EXPECT_EQ(w, (Values{1, 0, 0}));
  EXPECT_DOUBLE_EQ(v, 1.1);
}

// v >= u, and g_i . d >= 0 with equality where v_i > u_i.
TEST(DualCone, MeetsItsOptimalityCondition) {
  for_each_gramian([](const Matrix& k, uint64_t seed) {
    const size_t n = k.size();
    Values u(n, seed % 2 == 0 ? 1.0 / double(n) : 0.0);
    if (seed % 2 == 1) u[seed % n] = 1;  // one row, as UPGrad has it
    const auto v = project_onto_dual_cone(k, u);
    const auto inner = multiply(k, v);
    const double length = norm(k, v);
    for (size_t i = 0; i < n; ++i) {
      const double bound = 1e-8 * length_of(k, i) * length;
      ASSERT_GE(v[i], u[i]);
      ASSERT_GE(inner[i], -bound);
      if (v[i] > u[i]) {
        ASSERT_LE(inner[i], bound);
      }
    }
  });
}

// |d - g_0| is the radius, and g_i . d the least where x_i > 0.
TEST(ConflictAverse, MeetsItsOptimalityCondition) {
  for_each_gramian([](const Matrix& k, uint64_t seed) {
    const size_t n = k.size();
    const double cs[] = {0.2, 0.5, 0.9, 1.5, 4};
    Values d(n, 1.0 / double(n));
    const double mean = norm(k, d), radius = cs[seed % 5] * mean;
    const auto x = conflict_averse_shift(k, radius);
    for (size_t i = 0; i < n; ++i) d[i] += x[i];
    const auto inner = multiply(k, d);
    const double least = *std::min_element(inner.begin(), inner.end());
    ASSERT_NEAR(norm(k, x), radius, 1e-9 * radius);
    for (size_t i = 0; i < n; ++i) {
      ASSERT_GE(x[i], 0);
      if (x[i] * length_of(k, i) < 1e-9 * radius) continue;
      ASSERT_LE(inner[i] - least, 1e-8 * length_of(k, i) * mean);
    }
  });
}

Matrix products(const std::vector<Values>& rows) {
  Matrix gramian(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    for (size_t j = 0; j < rows.size(); ++j) gramian(i, j) = dot(rows[i], rows[j]);
  }
  return gramian;
}

TEST(MinNorm, IsZeroWhereZeroIsInTheHull) {
  const auto stationary = products({{1, 0}, {-1, 1}, {-1, -1}});
  EXPECT_NEAR(norm(stationary, min_norm_weights(stationary)), 0, 1e-7);
  const auto opposite = min_norm_weights(products({{1, 2}, {-3, -6}, {5, 0}}));
  EXPECT_NEAR(opposite[0], 0.75, 1e-14);
  EXPECT_NEAR(opposite[2], 0, 1e-14);
  EXPECT_EQ(min_norm_weights(products({{1, 2}, {0, 0}, {5, 0}, {0, 0}})), (Values{0, 0.5, 0, 0.5}));
}

TEST(MinNorm, TakesEqualRows) {
  const auto w = min_norm_weights(products({{1, 2}, {1, 2}, {2, -1}}));
  EXPECT_NEAR(w[0] + w[1], 0.5, 1e-14);
  EXPECT_NEAR(w[2], 0.5, 1e-14);
}

// More rows than columns, with entries that make many of them lie on common faces.
TEST(DualCone, TakesRowsThatHaveNoFullRank) {
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    std::mt19937_64 random(seed);
    std::uniform_int_distribution<int> entry(-2, 2);
    const size_t n = 2 + seed % 12;
    std::vector<Values> rows(n, Values(3));
    for (auto& row : rows) {
      for (double& value : row) value = entry(random);
    }
    const auto k = products(rows);
    const auto v = project_onto_dual_cone(k, Values(n, 1.0));
    const auto inner = multiply(k, v);
    for (size_t i = 0; i < n; ++i) {
      ASSERT_GE(v[i], 1);
      ASSERT_GE(inner[i], -1e-7) << seed;
      if (v[i] > 1 + 1e-9) {
        ASSERT_LE(inner[i], 1e-7) << seed;
      }
    }
    const auto w = min_norm_weights(k);
    const auto products_with = multiply(k, w);
    for (size_t i = 0; i < n; ++i) {
      ASSERT_GE(products_with[i], dot(w, products_with) - 1e-9) << seed;
    }
  }
}

TEST(ConflictAverse, HarmsNobodyWhereNobodyCanBeHelped) {
  const auto k = products({{1, 0}, {-1, 1}, {-1, -1}});
  Values d(3, 1.0 / 3);
  const auto x = conflict_averse_shift(k, 1.5 * norm(k, d));
  for (size_t i = 0; i < 3; ++i) d[i] += x[i];
  EXPECT_NEAR(norm(k, d), 0, 1e-6);
}

TEST(NonNegative, SaysWhereTheObjectiveHasNoEnd) {
  Matrix a(2);
  a(0, 0) = a(1, 1) = 1;
  a(0, 1) = a(1, 0) = -1;
  EXPECT_FALSE(solve_non_negative(a, {1, 1}).found);
  const auto bounded = solve_non_negative(a, {2, -2});
  EXPECT_TRUE(bounded.found);
  EXPECT_NEAR(bounded.x[0] - bounded.x[1], 2, 1e-14);
}

}  // namespace
}  // namespace tasuki::solvers
