#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tasuki/study/trial.h"
#include "tasuki/study/trial_result.h"

namespace tasuki {

// Results of the trials that are finished, by trial and seed.
class Findings {
 public:
  explicit Findings(std::vector<uint64_t> seeds) : seeds_(std::move(seeds)) {}

  const std::vector<uint64_t>& seeds() const { return seeds_; }
  void add(const Trial& trial, uint64_t seed, TrialResult result);
  bool has(const Trial& trial, uint64_t seed) const;
  // Whether every seed is there.
  bool has(const Trial& trial) const;
  // Error (kRun) where it is not there.
  const TrialResult& at(const Trial& trial, uint64_t seed) const;

  // The gain of a task's protocol metrics in `trial` over `baseline`, by seed, in percent: the mean
  // signed relative change, higher is better (delta_m of this task alone).
  std::vector<double> gains(const std::string& task, const Trial& trial,
                            const Trial& baseline) const;

 private:
  std::vector<uint64_t> seeds_;
  std::map<std::pair<std::string, uint64_t>, TrialResult> results_;
};

// What trainings cost, over all seeds.
struct Cost {
  size_t trainings = 0;
  double epochs = 0;  // passes over the training split
  // The same, each weighted by its objectives over the number of tasks: in units of one epoch of
  // the joint model without transfers.
  double joint_epochs = 0;
  double seconds = 0;  // of the epochs' steps as measured
};
Cost operator+(const Cost& a, const Cost& b);
// Of trials that are all finished; one that is listed twice counts once.
Cost cost_of(const std::vector<Trial>& trials, const Findings& findings, size_t tasks);

}  // namespace tasuki
