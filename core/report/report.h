#pragma once

#include <opencv2/core.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tasuki/report/legend.h"

namespace tasuki::report {

// One value of the final evaluation.
struct ReportMetric {
  std::string task;
  std::string name;  // "abs_err"
  std::string unit;  // "m"; empty for plain numbers
  double value = 0;  // NaN: it could not be measured
  bool higher_is_better = false;
  bool in_protocol = false;
};

struct ReportConfusion {
  std::string task;
  std::vector<std::string> classes;
  std::vector<std::vector<int64_t>> counts;  // pixels, [label][prediction], square
};

// Values over time. A name is "prefix/task.metric" ("val/seg.miou"), "prefix/task" ("loss/seg") or
// a word alone ("lr"). Unit and direction are those of the ReportMetric of that task and name.
struct ReportSeries {
  std::string name;
  std::vector<double> x;  // epochs, ascending, fractions allowed
  std::vector<double> y;  // as many; NaN leaves a gap
};

// Pictures of one sample and task, in the order shown: image, label, prediction, error.
struct ReportPanel {
  std::string sample_id;
  std::string task;
  std::vector<std::pair<std::string, cv::Mat>> pictures;  // caption and BGR picture, CV_8UC3
  std::vector<Legend> legends;  // shown once where panels of a task that follow each other share it
};

// All that the report of a run shows. Every part may be empty and is then left out.
struct Report {
  std::string title;
  std::vector<std::pair<std::string, std::string>> facts;  // protocol, split, dataset, seed, ...
  std::vector<std::string> protocol_notes;                 // sentences
  std::string averaging;  // of the metrics: "over all valid pixels of the split (PIXEL)"
  std::vector<ReportMetric> metrics;
  std::vector<ReportSeries> history;
  std::optional<double> best_epoch;  // marked in every chart
  std::vector<ReportConfusion> confusions;
  std::vector<ReportPanel> panels;  // grouped by task, tasks in order of first appearance
  std::string config;               // resolved, text format
  std::string command;              // that reproduces the run
};

// TP / (TP + FP + FN) of each class; NaN where a class is in neither labels nor predictions.
std::vector<double> class_iou(const ReportConfusion& confusion);
// The names of those classes: a mean over classes leaves them out.
std::vector<std::string> absent_classes(const ReportConfusion& confusion);

// One self-contained HTML page; whatever the report holds is escaped. Error (kRun) names the part
// that is inconsistent: a confusion that is not square, a series of two lengths, a picture that is
// not CV_8UC3, an unknown colour map.
std::string render_report(const Report& report);

// Renders to `file`, which appears whole or not at all. Error as above, or when it can't be
// written.
void write_report(const Report& report, const std::filesystem::path& file);

}  // namespace tasuki::report
