#include "tasuki/report/heatmap.h"

#include <algorithm>
#include <cmath>

#include "tasuki/error/error.h"
#include "tasuki/report/number.h"

namespace tasuki::report {
namespace {

// Shades from which text on a cell needs the other colour for a contrast of 4.5, given the colours
// of the style sheet: in the dark scheme, and in both.
constexpr double kMiddleShade = 0.555;
constexpr double kStrongShade = 0.665;

void check(const Heatmap& map) {
  const bool rows_fit = map.cells.size() == map.rows.size();
  const bool columns_fit = std::all_of(map.cells.begin(), map.cells.end(), [&](const auto& row) {
    return row.size() == map.columns.size();
  });
  if (rows_fit && columns_fit) return;
  throw Error(ErrorKind::kRun, "report: heat map \"" + map.caption + "\": give " +
                                   std::to_string(map.rows.size()) + " rows of " +
                                   std::to_string(map.columns.size()) +
                                   " cells, one for each pair of names");
}

Html cell(const HeatmapCell& cell, bool with_text) {
  const double shade = std::isnan(cell.shade) ? 0 : std::clamp(cell.shade, -1., 1.);
  const double strength = std::abs(shade);
  std::string style = shade < 0 ? "negative" : "positive";
  if (strength >= kStrongShade) {
    style += " strong";
  } else if (strength >= kMiddleShade) {
    style += " middle";
  }
  return element("td",
                 {{"class", style},
                  {"style", "--shade:" + format_coordinate(strength)},
                  {"title", cell.tooltip}},
                 with_text ? cell.text : std::string());
}

Html column_names(const Heatmap& map) {
  Html cells = element("th", {{"class", "corner"}, {"scope", "col"}},
                       map.row_axis + " \u2193\n" + map.column_axis + "\u00A0\u2192");
  for (const auto& name : map.columns) {
    cells += element("th", {{"scope", "col"}, {"title", name}},
                     element("span", {{"class", "vertical"}}, name));
  }
  return element("thead", {}, element("tr", {}, cells));
}

}  // namespace

Html heatmap(const Heatmap& map) {
  check(map);
  const bool with_text = map.columns.size() <= kHeatmapTextUpTo;
  Html rows;
  for (size_t row = 0; row < map.rows.size(); ++row) {
    Html cells = element("th", {{"scope", "row"}, {"title", map.rows[row]}}, map.rows[row]);
    for (const auto& value : map.cells[row]) cells += cell(value, with_text);
    rows += element("tr", {}, cells);
  }
  const Html table =
      element("table", {{"class", with_text ? "heat" : "heat dense"}},
              element("caption", {}, map.caption) + column_names(map) + element("tbody", {}, rows));
  return element(
      "div",
      {{"class", "scroll"}, {"role", "region"}, {"tabindex", "0"}, {"aria-label", map.caption}},
      table);
}

}  // namespace tasuki::report
