#include "tasuki/study/statistics.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>

namespace tasuki {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Ranks from 1; equal values share the mean of theirs.
std::vector<double> ranks(const std::vector<double>& values) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return values[a] < values[b]; });
  std::vector<double> found(values.size());
  for (size_t i = 0; i < order.size();) {
    size_t end = i;
    while (end < order.size() && values[order[end]] == values[order[i]]) ++end;
    for (size_t k = i; k < end; ++k) found[order[k]] = (double(i + end) + 1) / 2;
    i = end;
  }
  return found;
}

double correlation(const std::vector<double>& a, const std::vector<double>& b) {
  const double mean_a = spread_of(a).mean, mean_b = spread_of(b).mean;
  double ab = 0, aa = 0, bb = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    ab += (a[i] - mean_a) * (b[i] - mean_b);
    aa += (a[i] - mean_a) * (a[i] - mean_a);
    bb += (b[i] - mean_b) * (b[i] - mean_b);
  }
  return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : kNaN;
}

PairedTest without_spread(double distance) {
  if (distance == 0) return {0, 1, 0.5};
  const double infinite = std::numeric_limits<double>::infinity();
  return distance > 0 ? PairedTest{infinite, 0, 0} : PairedTest{-infinite, 0, 1};
}

}  // namespace

Spread spread_of(const std::vector<double>& values) {
  if (values.empty()) return {kNaN, 0, 0};
  const double n = double(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return {mean, values.size() > 1 ? std::sqrt(squares / (n - 1)) : 0, values.size()};
}

std::optional<PairedTest> paired_test(const std::vector<double>& differences, double reference) {
  const bool finite = std::all_of(differences.begin(), differences.end(),
                                  [](double value) { return std::isfinite(value); });
  if (differences.size() < kLeastSeedsForTest || !finite) return {};
  const Spread spread = spread_of(differences);
  const double distance = spread.mean - reference;
  if (spread.deviation == 0) return without_spread(distance);
  const double n = double(differences.size());
  const double t = distance / (spread.deviation / std::sqrt(n));
  const boost::math::students_t student(n - 1);
  return PairedTest{t, 2 * cdf(complement(student, std::abs(t))), cdf(complement(student, t))};
}

double rank_correlation(const std::vector<double>& a, const std::vector<double>& b) {
  assert(a.size() == b.size());
  std::vector<double> known_a, known_b;  // what is not a number has no rank
  for (size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(a[i]) || std::isnan(b[i])) continue;
    known_a.push_back(a[i]);
    known_b.push_back(b[i]);
  }
  return known_a.size() < 2 ? kNaN : correlation(ranks(known_a), ranks(known_b));
}

}  // namespace tasuki
