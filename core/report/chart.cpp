#include "tasuki/report/chart.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "tasuki/error/error.h"
#include "tasuki/report/number.h"
#include "tasuki/report/thin.h"

namespace tasuki::report {
namespace {

// Units of the SVG's own coordinates; the page scales the whole picture.
constexpr double kWidth = 440;
constexpr double kHeight = 236;
constexpr double kTop = 24;
constexpr double kRight = 14;
constexpr double kBottom = 38;
constexpr double kLetter = 6.4;   // width of a digit in a tick label
constexpr size_t kBuckets = 200;  // of four points each: finer than a screen shows
constexpr size_t kDotsUpTo = 40;  // points of a series that get a dot and a tooltip
constexpr size_t kColours = 8;

using Line = std::vector<Point>;

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  void add(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

bool is_drawn(double value) {
  return std::abs(value) <= kLargestDrawn;
}

// The stretches of a series between its gaps.
std::vector<Line> lines_of(const Series& series, AxisScale scale) {
  std::vector<Line> lines(1);
  for (size_t i = 0; i < series.x.size(); ++i) {
    const Point point{series.x[i], series.y[i]};
    const bool positive = scale == AxisScale::kLinear || point.y > 0;
    if (is_drawn(point.x) && is_drawn(point.y) && positive) {
      lines.back().push_back(point);
    } else if (!lines.back().empty()) {
      lines.emplace_back();
    }
  }
  if (lines.back().empty()) lines.pop_back();
  return lines;
}

struct DrawnSeries {
  std::string name;
  std::vector<Line> lines;

  bool is_noisy() const { return std::any_of(lines.begin(), lines.end(), report::is_noisy); }

  size_t points() const {
    size_t count = 0;
    for (const auto& line : lines) count += line.size();
    return count;
  }
};

// Chart coordinates to SVG coordinates.
struct Frame {
  Axis x;
  Axis y;
  double left = 0;

  double across(double value) const { return left + x.position(value) * (kWidth - kRight - left); }
  double down(double value) const {
    return kHeight - kBottom - y.position(value) * (kHeight - kBottom - kTop);
  }
};

std::string at(double coordinate) {
  return format_coordinate(coordinate);
}

Html svg_line(const char* style, double x1, double y1, double x2, double y2) {
  return element(
      "line", {{"class", style}, {"x1", at(x1)}, {"y1", at(y1)}, {"x2", at(x2)}, {"y2", at(y2)}});
}

Html svg_text(const char* anchor, double x, double y, const std::string& text,
              const char* style = "tick") {
  return element("text", {{"class", style}, {"text-anchor", anchor}, {"x", at(x)}, {"y", at(y)}},
                 text);
}

std::string line_style(size_t index) {
  return "s" + std::to_string(index % kColours) + (index / kColours % 2 == 1 ? " dashed" : "");
}

Frame make_frame(const std::vector<DrawnSeries>& series, AxisScale scale) {
  Range x, y;
  for (const auto& drawn : series) {
    for (const auto& line : drawn.lines) {
      for (const auto& point : line) {
        x.add(point.x);
        y.add(point.y);
      }
    }
  }
  Frame frame{progress_axis(x.low, x.high),
              scale == AxisScale::kLog ? log_axis(y.low, y.high) : value_axis(y.low, y.high), 0};
  double letters = 2;
  for (const double tick : frame.y.ticks) {
    const std::string label = frame.y.label(tick);
    // A minus sign is one letter of three bytes.
    const size_t bytes = label.size() - 2 * size_t(std::count(label.begin(), label.end(), '\xE2'));
    letters = std::max(letters, double(bytes));
  }
  frame.left = 12 + kLetter * letters;
  return frame;
}

Html y_axis(const Frame& frame, const std::string& unit) {
  Html html;
  for (const double tick : frame.y.ticks) {
    const double y = frame.down(tick);
    html += svg_line("grid", frame.left, y, kWidth - kRight, y);
    html += svg_text("end", frame.left - 7, y + 4, frame.y.label(tick));
  }
  if (!unit.empty()) html += svg_text("start", 2, 11, unit, "unit");
  return html;
}

Html x_axis(const Frame& frame, const std::string& label) {
  const double bottom = kHeight - kBottom;
  Html html = svg_line("axis", frame.left, bottom, kWidth - kRight, bottom);
  for (const double tick : frame.x.ticks) {
    const double x = frame.across(tick);
    html += svg_line("axis", x, bottom, x, bottom + 4);
    html += svg_text("middle", x, bottom + 17, frame.x.label(tick));
  }
  html += svg_text("middle", (frame.left + kWidth - kRight) / 2, kHeight - 4, label, "unit");
  return html;
}

Html marks(const Frame& frame, const std::vector<ChartMark>& marks) {
  Html html;
  for (const auto& mark : marks) {
    if (!(mark.x >= frame.x.low && mark.x <= frame.x.high)) continue;
    const double x = frame.across(mark.x);
    const bool at_the_end = frame.x.position(mark.x) > 0.5;
    html += svg_line("mark", x, kTop - 8, x, kHeight - kBottom);
    html += svg_text(at_the_end ? "end" : "start", x + (at_the_end ? -4 : 4), kTop - 10, mark.label,
                     "mark-label");
  }
  return html;
}

// A lone point is a line of no length, which round caps turn into a dot.
std::string path_of(const Frame& frame, const Line& line) {
  std::string path;
  for (const auto& point : thin(line, kBuckets)) {
    path += (path.empty() ? "M" : "L") + at(frame.across(point.x)) + " " + at(frame.down(point.y));
  }
  return line.size() == 1 ? path + "h0" : path;
}

Html dots(const Frame& frame, const DrawnSeries& series, const LineChart& chart) {
  const std::string unit = chart.y_unit.empty() ? "" : " " + chart.y_unit;
  Html html;
  for (const auto& line : series.lines) {
    for (const auto& point : line) {
      const std::string tooltip = series.name + ", " + chart.x_label + " " +
                                  format_tick(point.x, 0.01) + ": " + format_number(point.y) + unit;
      html += element(
          "circle",
          {{"cx", at(frame.across(point.x))}, {"cy", at(frame.down(point.y))}, {"r", "2.6"}},
          element("title", {}, tooltip));
    }
  }
  return html;
}

size_t smoothing_window(const Line& line) {
  return std::max<size_t>(1, line.size() / 25);
}

// A noisy line is drawn faintly, and its course by a running mean over it.
Html strokes(const Frame& frame, const DrawnSeries& series) {
  std::string values, means;
  for (const auto& line : series.lines) {
    values += path_of(frame, line);
    means += path_of(frame, running_mean(line, smoothing_window(line)));
  }
  if (!series.is_noisy()) return element("path", {{"d", values}});
  return element("path", {{"class", "faint"}, {"d", values}}) + element("path", {{"d", means}});
}

Html series_group(const Frame& frame, const DrawnSeries& series, const LineChart& chart,
                  size_t index) {
  Html content = strokes(frame, series);
  if (series.points() <= kDotsUpTo) content += dots(frame, series, chart);
  return element("g", {{"class", "series " + line_style(index)}}, content);
}

std::string last_value(const DrawnSeries& series) {
  return series.lines.empty() ? "no value" : format_number(series.lines.back().back().y);
}

// The chart in words, for those who don't see it.
std::string summary(const LineChart& chart, const std::vector<DrawnSeries>& series) {
  std::string text = chart.title + " over " + chart.x_label + ".";
  for (const auto& drawn : series) {
    text += " " + drawn.name + ": ";
    if (!drawn.lines.empty()) {
      text += "first " + format_number(drawn.lines.front().front().y) + ", last ";
    }
    text += last_value(drawn) + ".";
  }
  return text;
}

Html picture(const LineChart& chart, const std::vector<DrawnSeries>& series) {
  const bool any = std::any_of(series.begin(), series.end(),
                               [](const DrawnSeries& drawn) { return !drawn.lines.empty(); });
  if (!any) return element("p", {{"class", "empty"}}, "No values to draw yet.");
  const Frame frame = make_frame(series, chart.y_scale);
  Html content = y_axis(frame, chart.y_unit);
  content += x_axis(frame, chart.x_label);
  content += marks(frame, chart.marks);
  for (size_t i = 0; i < series.size(); ++i) content += series_group(frame, series[i], chart, i);
  return element("svg",
                 {{"viewBox", "0 0 " + at(kWidth) + " " + at(kHeight)},
                  {"role", "img"},
                  {"aria-label", summary(chart, series)}},
                 content);
}

Html key(const std::vector<DrawnSeries>& series) {
  Html items;
  for (size_t i = 0; i < series.size(); ++i) {
    const Html swatch = element(
        "svg",
        {{"class", "swatch " + line_style(i)}, {"viewBox", "0 0 18 8"}, {"aria-hidden", "true"}},
        element("path", {{"d", "M1 4H17"}}));
    items += element(
        "li", {},
        swatch + element("span", {}, series[i].name) +
            element("span", {{"class", "last"}, {"title", "last value"}}, last_value(series[i])));
  }
  return element("ul", {{"class", "key"}}, items);
}

Html caption(const LineChart& chart, const std::vector<DrawnSeries>& series) {
  const bool noisy = std::any_of(series.begin(), series.end(),
                                 [](const DrawnSeries& drawn) { return drawn.is_noisy(); });
  Html html = element("span", {{"class", "title"}}, chart.title);
  if (!chart.note.empty()) html += element("span", {{"class", "note"}}, chart.note);
  if (chart.y_scale == AxisScale::kLog) {
    html += element("span", {{"class", "note"}}, "log scale");
  }
  if (noisy) html += element("span", {{"class", "note"}}, "bold: running mean");
  return element("figcaption", {}, html);
}

}  // namespace

Html line_chart(const LineChart& chart) {
  std::vector<DrawnSeries> series;
  for (const auto& given : chart.series) {
    if (given.x.size() != given.y.size()) {
      throw Error(ErrorKind::kRun, "report: chart \"" + chart.title + "\": series \"" + given.name +
                                       "\" has " + std::to_string(given.x.size()) +
                                       " positions for " + std::to_string(given.y.size()) +
                                       " values; give one position for each value");
    }
    series.push_back({given.name, lines_of(given, chart.y_scale)});
  }
  return element("figure", {{"class", "chart card"}},
                 caption(chart, series) + picture(chart, series) + key(series));
}

}  // namespace tasuki::report
