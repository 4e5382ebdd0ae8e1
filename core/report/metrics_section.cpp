#include <algorithm>
#include <cmath>

#include "tasuki/error/error.h"
#include "tasuki/report/number.h"
#include "tasuki/report/sections.h"

namespace tasuki::report {
namespace {

Html arrow(const ReportMetric& metric) {
  const char* meaning = metric.higher_is_better ? "higher is better" : "lower is better";
  return element("span", {{"role", "img"}, {"title", meaning}, {"aria-label", meaning}},
                 metric.higher_is_better ? "\u2191" : "\u2193");
}

Html row(const ReportMetric& metric) {
  const Html dot = element("span", {{"class", "dot"}, {"aria-hidden", "true"}},
                           metric.in_protocol ? "\u2022" : " ");
  const char* style = std::isnan(metric.value) ? "number extra" : "number";
  return element("tr", {{"class", metric.in_protocol ? "protocol" : "extra"}},
                 element("th", {{"scope", "row"}}, dot + metric.name) +
                     element("td", {{"class", style}}, format_number(metric.value)) +
                     element("td", {{"class", "extra"}}, metric.unit) +
                     element("td", {{"class", "arrow"}}, arrow(metric)));
}

Html header_row() {
  return element(
      "thead", {},
      element("tr", {},
              element("th", {{"scope", "col"}}, "metric") +
                  element("th", {{"scope", "col"}, {"class", "number"}}, "value") +
                  element("th", {{"scope", "col"}}, "unit") +
                  element("th", {{"scope", "col"}, {"class", "arrow"}, {"title", "direction"}},
                          "\u2195")));
}

Html absent_note(const Report& report, const std::string& task) {
  Html html;
  for (const auto& confusion : report.confusions) {
    if (confusion.task != task) continue;
    const auto absent = absent_classes(confusion);
    if (absent.empty()) continue;
    html +=
        element("p", {{"class", "note"}},
                "Absent from labels and predictions, so not in the mean: " + join(absent) + ".");
  }
  return html;
}

Html table(const Report& report, const std::string& task) {
  std::vector<ReportMetric> metrics;
  std::copy_if(report.metrics.begin(), report.metrics.end(), std::back_inserter(metrics),
               [&](const ReportMetric& metric) { return metric.task == task; });
  std::stable_partition(metrics.begin(), metrics.end(),
                        [](const ReportMetric& metric) { return metric.in_protocol; });
  Html rows;
  for (const auto& metric : metrics) rows += row(metric);
  return element("div", {{"class", "card"}},
                 element("table", {{"class", "list"}},
                         element("caption", {}, task) + header_row() + element("tbody", {}, rows)) +
                     absent_note(report, task));
}

Html lead(const Report& report) {
  std::string text;
  const bool any_protocol = std::any_of(report.metrics.begin(), report.metrics.end(),
                                        [](const ReportMetric& m) { return m.in_protocol; });
  if (any_protocol) text += "Metrics of the protocol are marked \u2022 and bold. ";
  if (!report.averaging.empty()) text += "Averaged " + report.averaging + ".";
  return text.empty() ? Html() : element("p", {{"class", "soft"}}, text);
}

Html notes(const Report& report) {
  Html items;
  for (const auto& note : report.protocol_notes) items += element("li", {}, note);
  return items.empty() ? items : element("ul", {{"class", "notes soft"}}, items);
}

}  // namespace

Html metrics_section(const Report& report) {
  if (report.metrics.empty() && report.protocol_notes.empty()) return {};
  Html tables;
  for (const auto& task : tasks_of(report.metrics)) tables += table(report, task);
  return lead(report) + notes(report) + element("div", {{"class", "grid"}}, tables);
}

}  // namespace tasuki::report
