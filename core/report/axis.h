#pragma once

#include <string>
#include <vector>

namespace tasuki::report {

enum class AxisScale { kLinear, kLog };

// One axis of a chart: the interval it shows and the ticks in it, all finite, low < high.
struct Axis {
  AxisScale scale = AxisScale::kLinear;
  double low = 0;
  double high = 1;
  double step = 1;            // between ticks; linear axes only
  std::vector<double> ticks;  // ascending, all in [low, high]

  // Where a value lies: 0 at low, 1 at high. On a log axis values are > 0.
  double position(double value) const;
  std::string label(double tick) const;
};

// Values with a magnitude above this are not drawn: differences of them could overflow.
inline constexpr double kLargestDrawn = 1e100;

// The smallest of {1, 2, 5} x 10^k with span / step <= most. span > 0.
double tick_step(double span, int most);
// The multiples of `step` in [low, high].
std::vector<double> multiples(double low, double high, double step);

// For values: both ends rounded outward to ticks. Starts from 0 where the lowest value is not
// negative and below 40 % of the highest. low == high gets room around it.
Axis value_axis(double low, double high, int most_ticks = 5);
// The same on a logarithmic scale: ends and ticks are 1, 2 or 5 times a power of ten, or powers of
// ten alone when there are more than two decades. 0 < low <= high.
Axis log_axis(double low, double high, int most_ticks = 6);
// For steps and epochs: shows exactly [low, high], ticks at whole numbers only.
Axis progress_axis(double low, double high, int most_ticks = 8);

}  // namespace tasuki::report
