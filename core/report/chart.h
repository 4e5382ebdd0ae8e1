#pragma once

#include <string>
#include <vector>

#include "tasuki/report/axis.h"
#include "tasuki/report/html.h"

namespace tasuki::report {

// A line: y over x, x ascending, both of one length. A point that can't be drawn (NaN, infinite,
// beyond kLargestDrawn, not positive on a log axis) leaves a gap.
struct Series {
  std::string name;
  std::vector<double> x;
  std::vector<double> y;
};

// A dashed vertical line with a few words at its top, such as the best epoch. Marks outside the
// range of x are left out.
struct ChartMark {
  double x = 0;
  std::string label;
};

struct LineChart {
  std::string title;
  std::string note;     // beside the title, such as "lower is better"
  std::string x_label;  // "epoch"
  std::string y_unit;   // "m"; empty for plain numbers
  AxisScale y_scale = AxisScale::kLinear;
  std::vector<Series> series;
  std::vector<ChartMark> marks;
};

// A <figure>: caption, inline SVG that fills the width it is given, and a key with each line's last
// value. Colours come from the page's style sheet (classes s0..s7, dashed from the ninth line on).
// A noisy line is drawn faintly under its running mean over a 25th of its points. Points carry
// their values as tooltips where there are few. Any number of points; an empty chart says so. Error
// (kRun) when a series has x and y of different lengths.
Html line_chart(const LineChart& chart);

}  // namespace tasuki::report
