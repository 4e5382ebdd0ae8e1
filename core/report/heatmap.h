#pragma once

#include <string>
#include <vector>

#include "tasuki/report/html.h"

namespace tasuki::report {

struct HeatmapCell {
  double shade = 0;     // -1..1 (clamped; NaN is 0): how strong the colour is, its hue by the sign
  std::string text;     // in the cell; left out where there are more than kHeatmapTextUpTo columns
  std::string tooltip;  // the whole fact in words
};

// A table with coloured cells: what happens from each row to each column. Confusion matrices use
// shades 0..1; gains and losses (transfer from task to task) use both signs.
struct Heatmap {
  std::string caption;
  std::string row_axis;     // what rows are, "label"
  std::string column_axis;  // what columns are, "prediction"
  std::vector<std::string> rows;
  std::vector<std::string> columns;
  std::vector<std::vector<HeatmapCell>> cells;  // [row][column]
};

inline constexpr size_t kHeatmapTextUpTo = 20;

// An HTML table (so it can be read aloud, copied, and read without colours) that scrolls sideways
// where it is too wide. Error (kRun) when cells do not fit rows and columns.
Html heatmap(const Heatmap& map);

}  // namespace tasuki::report
