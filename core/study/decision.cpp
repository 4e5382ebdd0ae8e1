#include "tasuki/study/decision.h"

#include <algorithm>
#include <cmath>

namespace tasuki {
namespace {

constexpr double kPercent = 100;

bool is_joint(const std::optional<Trial>& final_trial, const std::string& task) {
  return final_trial && std::count(final_trial->tasks.begin(), final_trial->tasks.end(), task) > 0;
}

std::vector<double> metric_by_seed(const std::string& task, const std::string& metric,
                                   const Trial& trial, const Findings& findings) {
  std::vector<double> values;
  for (const uint64_t seed : findings.seeds()) {
    for (const auto& value : values_of(findings.at(trial, seed).tasks, task).values) {
      if (value.info.name == metric) values.push_back(value.value);
    }
  }
  return values;
}

std::vector<MetricChange> metric_changes(const std::string& task, const Trial& before,
                                         const Trial& after, const Findings& findings) {
  std::vector<MetricChange> changes;
  const auto& first = values_of(findings.at(before, findings.seeds().front()).tasks, task);
  for (const auto& value : first.values) {
    if (!value.info.in_protocol) continue;
    const auto old_values = metric_by_seed(task, value.info.name, before, findings);
    const auto new_values = metric_by_seed(task, value.info.name, after, findings);
    std::vector<double> gains;
    for (size_t i = 0; i < old_values.size() && i < new_values.size(); ++i) {
      gains.push_back(kPercent * relative_gain(value.info, new_values[i], old_values[i]));
    }
    changes.push_back({value.info, spread_of(old_values), spread_of(new_values), spread_of(gains)});
  }
  return changes;
}

// By seed, the mean over tasks.
Spread mean_over_tasks(const std::vector<std::vector<double>>& gains, size_t seeds) {
  std::vector<double> by_seed(seeds, 0);
  for (const auto& task : gains) {
    for (size_t i = 0; i < seeds; ++i) by_seed[i] += task[i] / double(gains.size());
  }
  return spread_of(by_seed);
}

}  // namespace

std::optional<Trial> final_trial(const Selection& selection) {
  Trial trial = jointly(joint_tasks(selection));
  if (trial.tasks.empty()) return {};
  trial.transfers = included_edges(selection);
  return trial;
}

void fill_decision(Decision& decision, const std::vector<std::string>& tasks,
                   const std::optional<Trial>& final_trial, const Findings& findings,
                   Evidence evidence) {
  std::vector<std::vector<double>> gains, joint_gains;
  std::vector<TaskGain> judged;
  std::vector<Trial> singles;
  const Trial joint = jointly(tasks);
  for (const auto& task : tasks) {
    const Trial single = alone(task);
    singles.push_back(single);
    const bool in_it = is_joint(final_trial, task);
    const Trial& after = in_it ? *final_trial : single;
    TaskChange change{{task, in_it, findings.gains(task, after, single)},
                      metric_changes(task, single, after, findings),
                      {}};
    if (findings.has(joint)) {
      change.joint_gain = findings.gains(task, joint, single);
      joint_gains.push_back(change.joint_gain);
    }
    gains.push_back(change.gain.by_seed);
    judged.push_back(change.gain);
    decision.tasks.push_back(std::move(change));
  }
  decision.verdict_seeds = findings.seeds();
  decision.delta_m = mean_over_tasks(gains, findings.seeds().size());
  if (!joint_gains.empty()) {
    decision.joint_delta_m = mean_over_tasks(joint_gains, findings.seeds().size());
  }
  decision.verdict = judge(decision.rule, judged, evidence);
  decision.singles = cost_of(singles, findings, tasks.size());
  if (final_trial) decision.final_model = cost_of({*final_trial}, findings, tasks.size());
  const auto& any = findings.at(singles.front(), findings.seeds().front());
  decision.protocol = any.protocol;
  decision.split = any.split;
}

}  // namespace tasuki
