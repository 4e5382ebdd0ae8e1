#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "tasuki/study/compare_folder.h"
#include "tasuki/study/comparison.h"
#include "tasuki/study/trial_result.h"

namespace tasuki {

// Where the figures of a training are: metrics.json of its work dir, or with a split
// eval_SPLIT.json.
std::filesystem::path figures_file(const std::filesystem::path& work_dir, const std::string& split);

// Figures of two protocols don't belong into one table: Error (kUsage) where that of `config`,
// called `what`, is not that of `first`.
void check_protocol(const std::string& what, const ResolvedConfig& config,
                    const ComparedConfig& first);

// Finished single-task trainings that a comparison is given, instead of its own.
class GivenBaselines {
 public:
  // Error (kUsage) where a folder is none of such a training, of other data or another protocol
  // than the first config, or without figures of `split`; and where a task of a config has none,
  // unless no folders are given.
  GivenBaselines(const std::vector<std::filesystem::path>& folders,
                 const std::vector<ComparedConfig>& configs, const std::string& split);

  bool empty() const { return by_task_.empty(); }
  // A config of the training of a task.
  const ResolvedConfig& config(const std::string& task) const;
  // Of the configs' tasks; each task's trainings in the order given.
  Baselines figures(const std::vector<ComparedConfig>& configs, const MetricInfos& infos) const;

 private:
  struct Given {
    std::filesystem::path folder;
    ResolvedConfig config;
  };

  void read(const std::filesystem::path& folder, const ComparedConfig& first);

  std::string split_;
  std::map<std::string, std::vector<Given>> by_task_;
};

}  // namespace tasuki
