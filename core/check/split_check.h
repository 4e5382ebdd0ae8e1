#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tasuki/check/field_summary.h"
#include "tasuki/engine/experiment.h"

namespace tasuki {

struct SplitSummary {
  size_t samples = 0;
  std::map<std::string, FieldSummary> fields;  // as they were loaded
  std::vector<std::string> findings;           // in index order, then what concerns the whole split
  std::vector<std::string> notes;              // what is worth knowing, and not wrong
};

// What samples are checked with; refers to all of it.
struct SplitCheck {
  const ResolvedConfig& config;
  std::shared_ptr<const Dataset> dataset;
  const std::vector<ModelTask>& tasks;  // none: labels are not looked at; those that are not joint
                                        // matter for the training pipeline alone
  int threads = 1;
  // Of field kinds, by name; those that are not here are plain.
  std::map<std::string, FieldMeaning> meanings = {};
  // Called for each sample that was looked at, from any thread.
  std::function<void()> at_sample = [] {};
};

// Reads every sample of a split once, on several threads, runs the pipeline over it as the first
// epoch does, and compares each task's label with the task: its metrics and its loss have to take
// it. Labels are looked at before the first random transform, which might cut off what is wrong.
// What is wrong is collected, not thrown.
SplitSummary check_samples(const SplitCheck& check, const std::string& split,
                           Experiment::Pipeline pipeline);

}  // namespace tasuki
