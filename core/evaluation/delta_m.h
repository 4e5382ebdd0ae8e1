#pragma once

#include <string>
#include <vector>

#include "tasuki/evaluation/metric_value.h"

namespace tasuki {

// The metrics of one task on one split. Only those with info.in_protocol count below.
struct TaskValues {
  std::string task;
  std::vector<MetricValue> values;
};

// Signed relative change of one value against its baseline: (value - baseline) / |baseline|, its
// sign turned where lower is better, so that more is always better. 0 when both are the same number
// (0 and 0 too); infinite when the baseline alone is 0; NaN when either is NaN.
double relative_gain(const MetricInfo& info, double value, double baseline);

// delta_m of a model against single-task baselines, in percent, higher is better: the mean over
// tasks of the mean over that task's protocol metrics of relative_gain. Averaging within tasks
// first keeps a task with five metrics from outweighing one with two (Maninis et al.,
// arXiv:1904.08918, with several metrics a task).
//
// Tasks and metrics are matched by name, and the model's say which metrics count; baselines of
// other tasks are ignored. Error (kRun) when a task of the model or one of its protocol metrics is
// missing among the baselines, or has the other direction there. NaN when a value that counts is
// NaN, or when nothing counts: leaving a metric out would make figures that can't be compared.
double delta_m(const std::vector<TaskValues>& model, const std::vector<TaskValues>& baseline);

// What "best" is chosen by, higher is better: the mean over tasks of the mean over that task's
// protocol metrics of s ln(value + kSmallMetric), s = +1 where higher is better, else -1; values in
// percent are divided by 100 first, negative ones count as 0.
//
// A baseline b would only subtract a constant, so the order of checkpoints depends on none; and for
// values far above kSmallMetric, ln(v / b) = (v - b) / b to first order, so that checkpoints close
// to a baseline are ordered as delta_m orders them. Near 0 a change counts by its size and no
// longer by its ratio: between a metric of 0 and one of 0.001 (no class hit yet, no error left)
// there is a tenth of what a doubling is worth, so that none decides alone. An error that is
// measured in a unit in which it is always far below kSmallMetric hardly counts: choose another
// unit.
//
// NaN values are left out, and tasks with nothing else; by the contract of Metric a value is NaN
// only where the split has no label for it, which is the same for every checkpoint. NaN when
// nothing is left.
double selection_score(const std::vector<TaskValues>& values);
inline constexpr double kSmallMetric = 0.01;

}  // namespace tasuki
