#include "tasuki/solvers/conflict_averse.h"

#include <algorithm>
#include <optional>

#include "tasuki/solvers/cholesky.h"
#include "tasuki/solvers/non_negative.h"
#include "tasuki/solvers/row_scaling.h"

namespace tasuki::solvers {
namespace {

constexpr int kMostRounds = 200;

// x(m) in scaled rows: min x'Kx / 2 - (m / s - K b)'x, x >= 0, with b the mean's coefficients.
class Path {
 public:
  Path(const RowScaling& rows, double radius) : rows_(rows), radius_(radius) {
    const size_t n = rows.scale.size();
    mean_ = multiply(rows.gramian, rows.to_scaled(Values(n, 1.0 / double(n))));
    for (const double scale : rows.scale) inverse_.push_back(1 / scale);
  }

  // Between m where x = 0 and m that no direction in the ball reaches.
  Values solve() {
    const size_t n = mean_.size();
    low_ = gain(0, 0);
    high_ = gain(0, radius_);
    for (size_t i = 1; i < n; ++i) {
      low_ = std::min(low_, gain(i, 0));
      high_ = std::min(high_, gain(i, radius_));
    }
    Values best(n, 0.0);
    double m = (low_ + high_) / 2;
    for (int round = 0; round < kMostRounds && m > low_ && m < high_; ++round) {
      const double width = high_ - low_;
      const auto [x, found] = at(m);
      const double length = found ? norm(rows_.gramian, x) : 2 * radius_;
      (length < radius_ ? low_ : high_) = m;
      if (length <= radius_) best = x;
      if (length == radius_) break;
      const auto next = found ? reach(x) : std::nullopt;
      if (next && *next == m) {
        best = x;
        break;
      }
      // Half of the way where the parabola leads out, or has not led far two times.
      slow_ = high_ - low_ > width / 2 ? slow_ + 1 : 0;
      const bool trusted = next && *next > low_ && *next < high_ && slow_ < 3;
      m = trusted ? *next : (low_ + high_) / 2;
      if (!trusted) slow_ = 0;
    }
    return finish(best);
  }

 private:
  // g_i . g_0 + length |g_i|
  double gain(size_t i, double length) const {
    return rows_.scale[i] * (mean_[i] + length * std::sqrt(rows_.gramian(i, i)));
  }
  NonNegative at(double m) const {
    Values pull(mean_.size());
    for (size_t i = 0; i < pull.size(); ++i) pull[i] = m * inverse_[i] - mean_[i];
    return solve_non_negative(rows_.gramian, pull);
  }

  // The m at which |x| is the radius on x's support, where x = m p - r.
  std::optional<double> reach(const Values& x) const {
    Cholesky factor(rows_.gramian);
    for (size_t i = 0; i < x.size(); ++i) {
      if (x[i] > 0) factor.add(i);
    }
    if (factor.members().empty()) return {};
    const auto p = factor.solve(inverse_), r = factor.solve(mean_);
    const double square = dot(p, inverse_), middle = dot(p, mean_) / square;
    const double rest = (radius_ * radius_ - dot(r, mean_)) / square + middle * middle;
    if (!(square > 0) || !(rest >= 0)) return {};
    return middle + std::sqrt(rest);
  }

  // Rounding in m is none in the length.
  Values finish(Values x) const {
    const double length = norm(rows_.gramian, x);
    if (length > radius_ * (1 - 1e-6)) {
      for (double& value : x) value *= radius_ / length;
    }
    return rows_.to_original(x);
  }

  const RowScaling& rows_;
  double radius_;
  Values mean_;     // g_i . g_0 / s_i
  Values inverse_;  // 1 / s_i
  double low_ = 0, high_ = 0;
  int slow_ = 0;
};

}  // namespace

Values conflict_averse_shift(const Matrix& gramian, double radius) {
  const RowScaling rows(gramian);
  return Path(rows, radius).solve();
}

}  // namespace tasuki::solvers
