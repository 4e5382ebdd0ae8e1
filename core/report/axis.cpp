#include "tasuki/report/axis.h"

#include <algorithm>
#include <cmath>

#include "tasuki/report/number.h"

namespace tasuki::report {
namespace {

// Ends of ranges are computed, so a tick may miss one by rounding.
constexpr double kSlack = 1e-9;

bool nearly_equal(double low, double high) {
  return high - low <= 1e-12 * std::max(std::abs(low), std::abs(high));
}

void widen(double& low, double& high) {
  if (!nearly_equal(low, high)) return;
  const double room = low == 0 ? 1 : 0.1 * std::abs(low);
  low -= room;
  high += room;
}

// 1, 2 and 5 times the powers of ten that cover [low, high], the ends rounded outward.
std::vector<double> one_two_five(double low, double high) {
  std::vector<double> values;
  const int first = int(std::floor(std::log10(low))) - 1;
  const int last = int(std::ceil(std::log10(high))) + 1;
  for (int exponent = first; exponent <= last; ++exponent) {
    for (const double factor : {1., 2., 5.}) values.push_back(factor * std::pow(10., exponent));
  }
  const auto begin = std::upper_bound(values.begin(), values.end(), low * (1 + kSlack)) - 1;
  auto end = std::lower_bound(values.begin(), values.end(), high * (1 - kSlack)) + 1;
  if (end - begin < 2) ++end;
  return {begin, end};
}

std::vector<double> powers_of_ten(double low, double high, int most) {
  const int first = int(std::ceil(std::log10(low) - kSlack));
  const int last = int(std::floor(std::log10(high) + kSlack));
  const int stride = std::max(1, (last - first + most - 1) / most);
  std::vector<double> values;
  for (int exponent = first; exponent <= last; exponent += stride) {
    values.push_back(std::pow(10., exponent));
  }
  return values;
}

}  // namespace

double Axis::position(double value) const {
  if (scale == AxisScale::kLog) return std::log(value / low) / std::log(high / low);
  return (value - low) / (high - low);
}

std::string Axis::label(double tick) const {
  return format_tick(tick, scale == AxisScale::kLog ? tick : step);
}

double tick_step(double span, int most) {
  double power = std::pow(10., std::floor(std::log10(span / most)));
  for (const double factor : {1., 2., 5.}) {
    if (span / (factor * power) <= most * (1 + kSlack)) return factor * power;
  }
  return 10 * power;
}

std::vector<double> multiples(double low, double high, double step) {
  std::vector<double> values;
  const double last = std::floor(high / step + kSlack);
  for (double i = std::ceil(low / step - kSlack); i <= last; ++i) values.push_back(i * step);
  return values;
}

Axis value_axis(double low, double high, int most_ticks) {
  widen(low, high);
  if (low > 0 && low < 0.4 * high) low = 0;
  const double step = tick_step(high - low, most_ticks);
  low = std::floor(low / step + kSlack) * step;
  high = std::ceil(high / step - kSlack) * step;
  return {AxisScale::kLinear, low, high, step, multiples(low, high, step)};
}

Axis log_axis(double low, double high, int most_ticks) {
  const std::vector<double> marks = one_two_five(low, high);
  Axis axis{AxisScale::kLog, marks.front(), marks.back(), 0, marks};
  if (axis.high / axis.low > 100 * (1 + kSlack)) {
    axis.ticks = powers_of_ten(axis.low, axis.high, most_ticks);
  }
  return axis;
}

Axis progress_axis(double low, double high, int most_ticks) {
  if (nearly_equal(low, high)) {
    low -= 0.5;
    high += 0.5;
  }
  const double step = std::max(1., tick_step(high - low, most_ticks));
  return {AxisScale::kLinear, low, high, step, multiples(low, high, step)};
}

}  // namespace tasuki::report
