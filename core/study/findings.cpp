#include "tasuki/study/findings.h"

#include <algorithm>
#include <set>

#include "tasuki/error/error.h"

namespace tasuki {

void Findings::add(const Trial& trial, uint64_t seed, TrialResult result) {
  results_[{trial_name(trial), seed}] = std::move(result);
}

bool Findings::has(const Trial& trial, uint64_t seed) const {
  return results_.count({trial_name(trial), seed}) > 0;
}

bool Findings::has(const Trial& trial) const {
  return std::all_of(seeds_.begin(), seeds_.end(), [&](uint64_t seed) { return has(trial, seed); });
}

const TrialResult& Findings::at(const Trial& trial, uint64_t seed) const {
  const auto found = results_.find({trial_name(trial), seed});
  if (found != results_.end()) return found->second;
  throw Error(ErrorKind::kRun, "the trial " + trial_name(trial) + ", seed " + std::to_string(seed) +
                                   ", is not finished");
}

std::vector<double> Findings::gains(const std::string& task, const Trial& trial,
                                    const Trial& baseline) const {
  std::vector<double> values;
  for (const uint64_t seed : seeds_) {
    values.push_back(delta_m({values_of(at(trial, seed).tasks, task)},
                             {values_of(at(baseline, seed).tasks, task)}));
  }
  return values;
}

Cost operator+(const Cost& a, const Cost& b) {
  return {a.trainings + b.trainings, a.epochs + b.epochs, a.joint_epochs + b.joint_epochs,
          a.seconds + b.seconds};
}

Cost cost_of(const std::vector<Trial>& trials, const Findings& findings, size_t tasks) {
  Cost cost;
  std::set<std::string> seen;
  for (const auto& trial : trials) {
    if (!seen.insert(trial_name(trial)).second) continue;
    for (const uint64_t seed : findings.seeds()) {
      const auto& result = findings.at(trial, seed);
      ++cost.trainings;
      cost.epochs += double(result.epochs);
      cost.joint_epochs += double(result.epochs) * double(trial.objectives()) / double(tasks);
      cost.seconds += result.seconds;
    }
  }
  return cost;
}

}  // namespace tasuki
