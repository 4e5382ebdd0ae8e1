#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tasuki/evaluation/delta_m.h"
#include "tasuki/study/statistics.h"

namespace tasuki {

// One config of a comparison with its figures, one entry a seed.
struct ComparedModel {
  std::string name;
  std::vector<std::vector<TaskValues>> by_seed;
  double epochs = 0;       // of training, over all seeds
  double seconds = 0;      // of their steps
  int64_t parameters = 0;  // at inference, summed over all checkpoints
  // Tasks that the config leaves out of the joint model (joint: false): their single-task models
  // serve them, so the baselines' figures are theirs, and their gain is 0.
  std::vector<std::string> alone = {};
};

// Single-task runs of each task: as many as there are seeds (paired with them in order), or any
// number, whose mean is every seed's baseline then.
using Baselines = std::map<std::string, std::vector<TaskValues>>;

struct Comparison {
  std::string title;
  std::string protocol;
  std::string split;
  std::vector<uint64_t> seeds;
  std::vector<ComparedModel> models;
  Baselines baselines;  // none: no gains and no delta_m
};

// One line of the table.
struct ComparedRow {
  std::string name;
  std::map<std::string, Spread> values;  // by "task.metric", protocol metrics alone
  std::map<std::string, Spread> gains;   // percent, by task
  std::optional<Spread> delta_m;         // percent, over the tasks that the config has
};

// The columns "task.metric" in order, and the rows: the single-task models first where there are
// baselines. Error (kRun) where a task of a model has no baseline.
std::map<std::string, MetricInfo> columns_of(const Comparison& comparison);
std::vector<ComparedRow> rows_of(const Comparison& comparison);

std::string comparison_json(const Comparison& comparison);
// A self-contained page.
std::string comparison_html(const Comparison& comparison);

}  // namespace tasuki
