#pragma once

#include <string>
#include <vector>

#include "tasuki/engine/evaluate.h"
#include "tasuki/report/report.h"

namespace tasuki {

// The parts of a report that follow from an evaluation: facts of protocol and split, the metric
// table, confusion matrices.
report::Report report_of(const Experiment& experiment, const Evaluation& evaluation);

// Image, label, prediction and error of each task of one sample.
void add_panels(report::Report& report, const Experiment& experiment,
                const PredictedSample& sample);

// A task's legend as a report shows it, `of` saying what it explains.
report::Legend report_legend(const Legend& legend, const std::string& of);
// It explains nothing.
bool is_empty(const Legend& legend);

// The lines of a history.jsonl as curves: losses, learning rate, validation metrics by epoch. Error
// (kData) names the line that can't be read.
std::vector<report::ReportSeries> read_history(const std::filesystem::path& file);

}  // namespace tasuki
