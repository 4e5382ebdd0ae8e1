#include <algorithm>
#include <cmath>

#include "tasuki/report/number.h"
#include "tasuki/report/sections.h"

namespace tasuki::report {
namespace {

constexpr double kLogFrom = 50;  // highest / lowest value of a chart that becomes logarithmic

// A series' name taken apart: "val/seg.miou" is {val, seg, miou}, "loss/seg" is {loss, "", seg}.
struct SeriesName {
  std::string prefix, task, line;
};

SeriesName parse_name(const std::string& name) {
  const size_t slash = name.find('/');
  if (slash == std::string::npos) return {name, "", name};
  const std::string rest = name.substr(slash + 1);
  const size_t dot = rest.find('.');
  if (dot == std::string::npos) return {name.substr(0, slash), "", rest};
  return {name.substr(0, slash), rest.substr(0, dot), rest.substr(dot + 1)};
}

const ReportMetric* metric_of(const Report& report, const SeriesName& name) {
  for (const auto& metric : report.metrics) {
    if (metric.task == name.task && metric.name == name.line) return &metric;
  }
  return nullptr;
}

LineChart empty_chart(const SeriesName& name, const ReportMetric* metric) {
  LineChart chart;
  chart.title = name.task.empty() ? name.prefix : name.task + " (" + name.prefix + ")";
  chart.x_label = "epoch";
  if (metric != nullptr) {
    chart.y_unit = metric->unit;
    chart.note = metric->higher_is_better ? "\u2191 higher is better" : "\u2193 lower is better";
  }
  return chart;
}

LineChart& chart_for(std::vector<LineChart>& charts, const LineChart& like) {
  for (auto& chart : charts) {
    if (chart.title == like.title && chart.y_unit == like.y_unit && chart.note == like.note) {
      return chart;
    }
  }
  return charts.emplace_back(like);
}

bool suits_log(const LineChart& chart) {
  if (!chart.note.empty()) return false;
  double low = INFINITY;
  double high = 0;
  for (const auto& series : chart.series) {
    for (const double value : series.y) {
      if (!std::isfinite(value)) continue;
      low = std::min(low, value);
      high = std::max(high, value);
    }
  }
  return low > 0 && high > kLogFrom * low;
}

}  // namespace

std::vector<LineChart> charts_of(const Report& report) {
  std::vector<LineChart> charts;
  for (const auto& series : report.history) {
    const SeriesName name = parse_name(series.name);
    LineChart& chart = chart_for(charts, empty_chart(name, metric_of(report, name)));
    chart.series.push_back({name.line, series.x, series.y});
  }
  for (auto& chart : charts) {
    if (suits_log(chart)) chart.y_scale = AxisScale::kLog;
    if (report.best_epoch) {
      const std::string best = "best: " + format_tick(*report.best_epoch, 1);
      chart.marks.push_back({*report.best_epoch, best});
    }
  }
  return charts;
}

Html curves_section(const Report& report) {
  Html charts;
  for (const auto& chart : charts_of(report)) charts += line_chart(chart);
  return charts.empty() ? charts : element("div", {{"class", "grid"}}, charts);
}

}  // namespace tasuki::report
