#include "tasuki/solvers/constrained_descent.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "tasuki/solvers/cholesky.h"
#include "tasuki/solvers/min_norm.h"
#include "tasuki/solvers/non_negative.h"

namespace tasuki::solvers {
namespace {

double sum_of(const Values& x) {
  return std::accumulate(x.begin(), x.end(), 0.0);
}

// How fast the sum of the x that are positive here grows with the multiplier: 1' A_SS^-1 1.
double sum_slope(const Matrix& a, const Values& x) {
  Cholesky factor(a);
  for (size_t i = 0; i < x.size(); ++i) {
    if (x[i] > 0) factor.add(i);
  }
  return sum_of(factor.solve(Values(x.size(), 1.0)));
}

Matrix leading(const Matrix& gramian, size_t n) {
  Matrix part(n);
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < n; ++j) part(i, j) = gramian(i, j);
  }
  return part;
}

}  // namespace

// (1'x)^2 / 2 is a constant on the simplex and is added: for each multiplier m the minimum over
// x >= 0 of x'Ax / 2 + (1'x)^2 / 2 + (c - m 1)'x then exists and has one sum, which m is chosen
// for. With A's elements at most 1, c >= 0 and min c = 0, that m lies between 0 and 2.
Values minimize_on_simplex(const Matrix& a, const Values& c) {
  const size_t n = c.size();
  double scale = 0;
  for (size_t i = 0; i < n; ++i) scale = std::fmax(scale, a(i, i));
  if (scale == 0) scale = 1;
  const double lowest = *std::min_element(c.begin(), c.end());
  Matrix lifted(n);
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < n; ++j) lifted(i, j) = a(i, j) / scale + 1;
  }
  constexpr double kTolerance = 4 * std::numeric_limits<double>::epsilon();
  double low = 0, high = 2, multiplier = high;
  Values best;
  for (int round = 0; round < 100; ++round) {
    Values linear(n);
    for (size_t i = 0; i < n; ++i) linear[i] = multiplier - (c[i] - lowest) / scale;
    best = solve_non_negative(lifted, linear).x;
    const double excess = sum_of(best) - 1;
    if (std::abs(excess) <= kTolerance || high - low <= kTolerance) break;
    (excess > 0 ? high : low) = multiplier;
    const double newton = multiplier - excess / sum_slope(lifted, best);
    multiplier = newton > low && newton < high ? newton : (low + high) / 2;
  }
  const double total = sum_of(best);
  for (double& weight : best) weight /= total;
  return best;
}

double constraint_multiplier(const Matrix& gramian, const Values& weights, double phi) {
  const size_t m = weights.size();
  if (!(gramian(m, m) > 0)) return 0;
  Values row(m);
  for (size_t i = 0; i < m; ++i) row[i] = gramian(m, i) / gramian(m, m);
  return std::fmax(phi - dot(row, weights), 0.0);
}

// Without v >= 0 the best v for given w leaves the rows' parts across q, and a linear term:
// min |sum_i w_i (g_i - q k_i / |q|^2)|^2 / 2 + phi k'w with k_i = g_i'q. The problem is convex, so
// that where its v is negative the constrained one has v = 0.
ConstrainedDescent constrained_descent(const Matrix& gramian, double phi) {
  const size_t m = gramian.size() - 1;
  const double square = gramian(m, m);
  if (square > 0) {
    Matrix across(m);
    Values slope(m);
    for (size_t i = 0; i < m; ++i) {
      slope[i] = phi * gramian(i, m);
      for (size_t j = 0; j < m; ++j) {
        across(i, j) = gramian(i, j) - gramian(i, m) / square * gramian(m, j);
      }
      across(i, i) = std::fmax(across(i, i), 0.0);
    }
    auto weights = minimize_on_simplex(across, slope);
    const double multiplier = constraint_multiplier(gramian, weights, phi);
    if (multiplier > 0) return {std::move(weights), multiplier};
  }
  return {min_norm_weights(leading(gramian, m)), 0};
}

}  // namespace tasuki::solvers
