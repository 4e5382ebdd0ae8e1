#include "tasuki/study/pieces.h"

#include <cmath>

#include "tasuki/report/number.h"

namespace tasuki::pieces {

using report::element;
using report::format_number;

Html table(const Html& head, const Html& rows) {
  return element(
      "div", {{"class", "card scroll"}},
      element("table", {{"class", "list"}},
              element("thead", {}, element("tr", {}, head)) + element("tbody", {}, rows)));
}

Html column(const Html& name, bool number) {
  return number ? element("th", {{"scope", "col"}, {"class", "number"}}, name)
                : element("th", {{"scope", "col"}}, name);
}

Html row_name(const Html& name) {
  return element("th", {{"scope", "row"}}, name);
}

Html number_cell(const Html& content) {
  return element("td", {{"class", "number"}}, content);
}

Html gain_cell(const Spread& gain) {
  const char* style = gain.mean > 0 ? "number gain" : gain.mean < 0 ? "number loss" : "number";
  return element("td", {{"class", style}}, gain_text(gain));
}

Html direction(const MetricInfo& info) {
  const char* meaning = info.higher_is_better ? "higher is better" : "lower is better";
  return element("span", {{"role", "img"}, {"title", meaning}, {"aria-label", meaning}},
                 info.higher_is_better ? "\u2191" : "\u2193");
}

std::string value_text(const Spread& spread) {
  std::string text = format_number(spread.mean);
  if (spread.count > 1) text += " \u00B1 " + format_number(spread.deviation, 2);
  return text;
}

std::string gain_text(const Spread& spread) {
  if (!std::isfinite(spread.mean)) return "n/a";
  std::string text = (spread.mean > 0 ? "+" : "") + format_number(spread.mean, 3) + "\u202F%";
  if (spread.count > 1) text += " \u00B1 " + format_number(spread.deviation, 2);
  return text;
}

std::string duration_text(double seconds) {
  if (seconds < 120) return format_number(seconds, 3) + " s";
  if (seconds < 7200) return format_number(seconds / 60, 3) + " min";
  return format_number(seconds / 3600, 3) + " h";
}

std::string seeds_text(size_t count) {
  return std::to_string(count) + (count == 1 ? " seed" : " seeds");
}

}  // namespace tasuki::pieces
