#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

#include "tasuki/config/config.h"
#include "tasuki/study/comparison.h"
#include "tasuki/study/study_base.h"
#include "tasuki/study/train_runner.h"

namespace tasuki {

struct CompareOptions {
  // Folder of the comparison.
  std::filesystem::path work_dir = "work_dirs/compare";
  // That data sets lie under.
  std::filesystem::path data_root = "data";
  std::filesystem::path base = default_study_base();
  // Work dirs of single-task runs to compare with; none: each task is trained alone, by the first
  // config that has it.
  std::vector<std::filesystem::path> baselines = {};
  size_t seeds = 1;  // from train.seed on
  size_t jobs = 1;   // trainings side by side
  // Split to evaluate the best checkpoints on once everything is trained; empty: the figures are
  // those of the validation split.
  std::string split = {};
};

// A config under the name that it has in a table.
struct NamedConfig {
  std::string name;
  ResolvedConfig config;
};

// Trains configs over seeds, goes on with what is there in the folder, and puts all figures into
// one table: compare.json and compare.html, and a text on `out`. A config's name is that of its
// folder there, too; without one it is its file's. Everything is checked before the folder is
// touched: Error (kUsage). Error (kRun) where a training fails, and after SIGINT or SIGTERM; the
// same call goes on then.
Comparison compare(const std::vector<ResolvedConfig>& configs, const CompareOptions& options,
                   TrainRunner& runner, std::ostream& out);
Comparison compare(const std::vector<NamedConfig>& configs, const CompareOptions& options,
                   TrainRunner& runner, std::ostream& out);

// The same config with each of these weightings in the place of its own ("[acme/Mine]{every: 4}"),
// under the weighting's name, for a comparison of them.
std::vector<NamedConfig> with_weightings(const ResolvedConfig& config,
                                         const std::vector<std::string>& weightings);

// The comparison as a table.
void print_comparison(const Comparison& comparison, std::ostream& out);

}  // namespace tasuki
