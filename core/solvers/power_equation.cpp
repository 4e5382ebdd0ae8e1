#include "tasuki/solvers/power_equation.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "tasuki/solvers/cholesky.h"
#include "tasuki/solvers/min_norm.h"
#include "tasuki/solvers/row_scaling.h"

namespace tasuki::solvers {
namespace {

constexpr double kUnitRounding = std::numeric_limits<double>::epsilon();
constexpr double kShortStep = 0.1;  // relative to y

// K y = q y^(-1/alpha) for scaled rows.
class Newton {
 public:
  Newton(const Matrix& k, Values q, double alpha) : k_(k), q_(std::move(q)), power_(1 / alpha) {}

  Values solve() {
    auto y = start();
    Values best = y;
    double least = std::numeric_limits<double>::infinity();
    int without_gain = 0;
    // A relative residual r asks for a step of about alpha r.
    const double small = kShortStep * std::min(power_, 1.0);
    for (int steps = 0; steps < 500 && without_gain < 4; ++steps) {
      const auto rest = residual(y);
      const auto [relative, rounding] = size_of(rest, y);
      without_gain = rounding < least / 2 ? 0 : without_gain + (relative < small ? 1 : 0);
      if (rounding < least) {
        least = rounding;
        best = y;
      }
      if (rounding <= 1) break;
      y = step(y, rest);
    }
    return best;
  }

 private:
  double wanted(double q, double y) const { return q * std::pow(y, -power_); }

  // What each row alone asks for, times the factor that is best for all.
  Values start() const {
    Values y;
    double sum = 0;
    for (size_t i = 0; i < q_.size(); ++i) {
      y.push_back(std::pow(q_[i] / k_(i, i), 1 / (1 + power_)));
      sum += wanted(q_[i], y[i]) * y[i];
    }
    const double squared = std::max(dot(y, multiply(k_, y)), kUnitRounding * kUnitRounding * sum);
    const double factor = std::pow(sum / squared, 1 / (1 + power_));
    for (double& value : y) value *= factor;
    return y;
  }

  // q y^(-1/alpha) - K y, the objective's negative gradient.
  Values residual(const Values& y) const {
    Values rest(y.size());
    for (size_t i = 0; i < y.size(); ++i) {
      long double sum = wanted(q_[i], y[i]);
      for (size_t j = 0; j < y.size(); ++j) sum -= static_cast<long double>(k_(i, j)) * y[j];
      rest[i] = double(sum);
    }
    return rest;
  }

  // The largest element of a residual, relative to what is wanted, and to what rounding in y alone
  // would leave: where terms cancel the first has a floor.
  struct Size {
    double relative = 0;
    double rounding = 0;
  };
  Size size_of(const Values& rest, const Values& y) const {
    Size size;
    for (size_t i = 0; i < y.size(); ++i) {
      const double aim = wanted(q_[i], y[i]);
      double terms = aim;
      for (size_t j = 0; j < y.size(); ++j) terms = std::max(terms, std::abs(k_(i, j)) * y[j]);
      size.relative = std::max(size.relative, std::abs(rest[i]) / aim);
      size.rounding = std::max(size.rounding, std::abs(rest[i]) / (kUnitRounding * terms));
    }
    return size;
  }

  // The Newton step relative to y.
  Values relative_step(const Values& y, const Values& rest) const {
    Matrix hessian(y.size());
    Values gradient(y.size());
    for (size_t i = 0; i < y.size(); ++i) {
      for (size_t j = 0; j < y.size(); ++j) hessian(i, j) = y[i] * k_(i, j) * y[j];
      hessian(i, i) += power_ * wanted(q_[i], y[i]) * y[i];
      gradient[i] = y[i] * rest[i];
    }
    Cholesky factor(hessian);
    for (size_t i = 0; i < y.size(); ++i) factor.add(i);
    return factor.solve(gradient);
  }

  static Values moved(const Values& y, const Values& direction, double length) {
    Values result(y);
    for (size_t i = 0; i < y.size(); ++i) result[i] += length * direction[i];
    return result;
  }
  double slope(const Values& y, const Values& direction) const {
    return -dot(residual(y), direction);
  }

  // As far as the Newton step, but not near zero, and not past the minimum on its line by more than
  // what was to be gained: slopes tell, as values of the objective would drown in rounding first. A
  // short step needs no test, and slopes would drown in it, too.
  Values step(const Values& y, const Values& rest) const {
    const auto relative = relative_step(y, rest);
    Values direction(y);
    double lowest = 0, most = 0;
    for (size_t i = 0; i < y.size(); ++i) {
      direction[i] = relative[i] * y[i];
      lowest = std::min(lowest, relative[i]);
      most = std::max(most, std::abs(relative[i]));
    }
    double length = lowest < -0.9 ? -0.9 / lowest : 1;
    const double before = std::abs(dot(rest, direction));
    auto next = moved(y, direction, length);
    for (int i = 0; i < 60 && most > kShortStep && slope(next, direction) > before / 2; ++i) {
      length /= 2;
      next = moved(y, direction, length);
    }
    return next;
  }

  const Matrix& k_;
  Values q_;
  double power_;
};

// Rows that are not zero.
std::vector<size_t> present(const Matrix& gramian) {
  std::vector<size_t> rows;
  for (size_t i = 0; i < gramian.size(); ++i) {
    if (gramian(i, i) > 0) rows.push_back(i);
  }
  return rows;
}

// Weights on the simplex whose combination of the scaled rows is zero to rounding, or nothing.
Values vanishing(const Matrix& k) {
  const auto weights = min_norm_weights(k);
  const double least = dot(weights, multiply(k, weights));
  return least > 8 * double(k.size()) * kUnitRounding ? Values() : weights;
}

void normalize(Values& weights) {
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (double& weight : weights) weight /= sum;
}

}  // namespace

PowerSolution solve_power_equation(const Matrix& gramian, const Values& p, double alpha) {
  const size_t n = gramian.size();
  const auto rows = present(gramian);
  if (rows.empty()) return {Values(n, 1.0), false};
  Matrix part(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    for (size_t j = 0; j < rows.size(); ++j) part(i, j) = gramian(rows[i], rows[j]);
  }
  const RowScaling scaled(part);
  auto y = vanishing(scaled.gramian);
  const bool exists = y.empty();
  if (exists) {
    // With w_i = y_i / s_i, row i over s_i reads p_i s_i^(1/alpha - 1) y_i^(-1/alpha).
    Values q;
    for (size_t i = 0; i < rows.size(); ++i) {
      q.push_back(p[rows[i]] * std::pow(scaled.scale[i], 1 / alpha - 1));
    }
    y = Newton(scaled.gramian, q, alpha).solve();
  }
  auto found = scaled.to_original(y);
  if (!exists) normalize(found);
  const double mean = std::accumulate(found.begin(), found.end(), 0.0) / double(rows.size());
  Values w(n, mean);
  for (size_t i = 0; i < rows.size(); ++i) w[rows[i]] = found[i];
  return {w, exists && rows.size() == n};
}

}  // namespace tasuki::solvers
