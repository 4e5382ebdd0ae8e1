#include <cmath>
#include <limits>
#include <numeric>

#include "tasuki/error/error.h"
#include "tasuki/report/heatmap.h"
#include "tasuki/report/number.h"
#include "tasuki/report/sections.h"

namespace tasuki::report {
namespace {

void check(const ReportConfusion& confusion) {
  bool square = confusion.counts.size() == confusion.classes.size();
  for (const auto& row : confusion.counts) square &= row.size() == confusion.classes.size();
  if (square) return;
  throw Error(ErrorKind::kRun, "report: confusion of task \"" + confusion.task + "\": give " +
                                   std::to_string(confusion.classes.size()) +
                                   " rows and columns, one for each class name");
}

int64_t label_pixels(const ReportConfusion& confusion, size_t label) {
  const auto& row = confusion.counts[label];
  return std::accumulate(row.begin(), row.end(), int64_t{0});
}

// TP + FP + FN
int64_t union_pixels(const ReportConfusion& confusion, size_t index) {
  int64_t predicted = 0;
  for (const auto& row : confusion.counts) predicted += row[index];
  return label_pixels(confusion, index) + predicted - confusion.counts[index][index];
}

std::string percent(double fraction, int digits = 0) {
  return format_tick(100 * fraction, digits == 0 ? 1 : 0.1);
}

HeatmapCell cell(const ReportConfusion& confusion, size_t label, size_t prediction) {
  const int64_t total = label_pixels(confusion, label);
  const int64_t count = confusion.counts[label][prediction];
  const std::string pair =
      "label " + confusion.classes[label] + ", prediction " + confusion.classes[prediction] + ": ";
  if (total == 0) return {0, "", pair + "no pixel has this label"};
  const double fraction = double(count) / double(total);
  const std::string text = fraction >= 0.005 ? percent(fraction) : "";
  // The root makes rare confusions visible.
  return {std::sqrt(fraction), text,
          pair + format_count(count) + " px, " + percent(fraction, 1) + " %"};
}

Heatmap map_of(const ReportConfusion& confusion) {
  Heatmap map{"Percent of each label's pixels",
              "label",
              "prediction",
              confusion.classes,
              confusion.classes,
              {}};
  for (size_t label = 0; label < confusion.classes.size(); ++label) {
    auto& row = map.cells.emplace_back();
    for (size_t prediction = 0; prediction < confusion.classes.size(); ++prediction) {
      row.push_back(cell(confusion, label, prediction));
    }
  }
  return map;
}

Html bar(double fraction) {
  if (std::isnan(fraction)) return {};
  const std::string style = "width:" + format_coordinate(100 * fraction) + "%";
  return element("span", {{"class", "bar"}, {"aria-hidden", "true"}},
                 element("span", {{"style", style}}));
}

Html iou_row(const ReportConfusion& confusion, size_t index, double iou) {
  return element(
      "tr", {{"class", std::isnan(iou) ? "extra" : "class"}},
      element("th", {{"scope", "row"}}, confusion.classes[index]) +
          element("td", {{"class", "number"}}, format_number(iou, 3)) +
          element("td", {{"class", "wide"}}, bar(iou)) +
          element("td", {{"class", "number"}}, format_count(label_pixels(confusion, index))));
}

Html iou_table(const ReportConfusion& confusion) {
  const std::vector<double> iou = class_iou(confusion);
  Html rows;
  for (size_t i = 0; i < iou.size(); ++i) rows += iou_row(confusion, i, iou[i]);
  const Html head =
      element("thead", {},
              element("tr", {},
                      element("th", {{"scope", "col"}}, "class") +
                          element("th", {{"scope", "col"}, {"class", "number"}}, "IoU") +
                          element("td", {}) +
                          element("th", {{"scope", "col"}, {"class", "number"}}, "label pixels")));
  return element("table", {{"class", iou.size() > kHeatmapTextUpTo ? "list compact" : "list"}},
                 element("caption", {}, "IoU of each class") + head + element("tbody", {}, rows));
}

}  // namespace

std::vector<double> class_iou(const ReportConfusion& confusion) {
  check(confusion);
  std::vector<double> iou;
  for (size_t i = 0; i < confusion.classes.size(); ++i) {
    const int64_t pixels = union_pixels(confusion, i);
    iou.push_back(pixels == 0 ? std::numeric_limits<double>::quiet_NaN()
                              : double(confusion.counts[i][i]) / double(pixels));
  }
  return iou;
}

std::vector<std::string> absent_classes(const ReportConfusion& confusion) {
  std::vector<std::string> absent;
  const std::vector<double> iou = class_iou(confusion);
  for (size_t i = 0; i < iou.size(); ++i) {
    if (std::isnan(iou[i])) absent.push_back(confusion.classes[i]);
  }
  return absent;
}

Html confusion_section(const Report& report) {
  Html html;
  for (const auto& confusion : report.confusions) {
    check(confusion);
    html += element("h3", {}, confusion.task);
    html += element("div", {{"class", "split"}},
                    element("div", {{"class", "card"}}, heatmap(map_of(confusion))) +
                        element("div", {{"class", "card side"}}, iou_table(confusion)));
  }
  return html;
}

}  // namespace tasuki::report
