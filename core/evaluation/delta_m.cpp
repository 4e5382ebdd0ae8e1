#include "tasuki/evaluation/delta_m.h"

#include <algorithm>
#include <cmath>

#include "tasuki/error/error.h"

namespace tasuki {
namespace {

// Mean of what was added; NaN of nothing.
class Mean {
 public:
  void add(double value) {
    sum_ += value;
    ++count_;
  }
  double value() const { return sum_ / count_; }
  bool empty() const { return count_ == 0; }

 private:
  double sum_ = 0;
  int count_ = 0;
};

const TaskValues& find_task(const std::vector<TaskValues>& all, const std::string& name) {
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const TaskValues& one) { return one.task == name; });
  if (found != all.end()) return *found;
  std::vector<std::string> known;
  for (const auto& one : all) known.push_back(one.task);
  throw Error(ErrorKind::kRun, "delta_m: no baseline for task \"" + name +
                                   "\"; there are baselines for: " + join(known));
}

const MetricValue& find_metric(const TaskValues& task, const MetricInfo& info) {
  const auto found =
      std::find_if(task.values.begin(), task.values.end(),
                   [&](const MetricValue& one) { return one.info.name == info.name; });
  const std::string where = "delta_m: the baseline of task \"" + task.task + "\" ";
  if (found == task.values.end()) {
    throw Error(ErrorKind::kRun, where + "has no metric \"" + info.name + "\": evaluate it anew");
  }
  if (found->info.higher_is_better != info.higher_is_better) {
    throw Error(ErrorKind::kRun,
                where + "has metric \"" + info.name + "\" with the other direction");
  }
  return *found;
}

}  // namespace

double relative_gain(const MetricInfo& info, double value, double baseline) {
  if (value == baseline) return 0;
  const double change = (value - baseline) / std::abs(baseline);
  return info.higher_is_better ? change : -change;
}

double delta_m(const std::vector<TaskValues>& model, const std::vector<TaskValues>& baseline) {
  Mean tasks;
  for (const auto& task : model) {
    const auto& single = find_task(baseline, task.task);
    Mean metrics;
    for (const auto& metric : task.values) {
      if (!metric.info.in_protocol) continue;
      const auto& base = find_metric(single, metric.info);
      metrics.add(relative_gain(metric.info, metric.value, base.value));
    }
    if (!metrics.empty()) tasks.add(metrics.value());
  }
  return 100 * tasks.value();
}

double selection_score(const std::vector<TaskValues>& values) {
  Mean tasks;
  for (const auto& task : values) {
    Mean metrics;
    for (const auto& metric : task.values) {
      if (!metric.info.in_protocol || std::isnan(metric.value)) continue;
      const double value = metric.info.unit == "%" ? metric.value / 100 : metric.value;
      const double log = std::log(std::max(value, 0.0) + kSmallMetric);
      metrics.add(metric.info.higher_is_better ? log : -log);
    }
    if (!metrics.empty()) tasks.add(metrics.value());
  }
  return tasks.value();
}

}  // namespace tasuki
