#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/data/folder_lock.h"
#include "core/study/search.h"
#include "tools/search.h"
#include "tools/trials.h"

namespace tasuki::tools {

// The folder of a search: its plan and its trials.
class SearchFolder : public TrialTrainer {
 public:
  // Begins a search in `folder` or goes on with the one that is there. Error (kUsage) says in what
  // that one differs. `planned_cost`: of all trials, objectives times epochs.
  SearchFolder(const std::filesystem::path& folder, const SearchOptions& options,
               const ResolvedConfig& config, const Dataset& dataset, double planned_cost);

  const std::filesystem::path& path() const { return path_; }

  void announce(const std::string& purpose, const std::vector<uint64_t>& seeds) override;
  // Trains what is not finished, and reads the results. Throws as TrainRunner does.
  void train(const std::vector<Trial>& trials, Findings& findings, bool last) override;
  TrainJob job(const Trial& trial, uint64_t seed) const;

 private:
  void open(const SearchOptions& options, const Dataset& dataset);
  void check_is_new(const std::filesystem::path& config_file) const;
  void describe(const Trial& trial, uint64_t seed) const;

  std::filesystem::path path_;
  const ResolvedConfig& config_;
  FolderLock lock_;
  MetricInfos infos_;
  SearchPlan plan_;
  TrainRunner runner_;
};

// The seeds of a search or a comparison: from train.seed on, and those of a verdict. Errors are
// located in the config.
std::vector<uint64_t> seeds_of(const ResolvedConfig& config, size_t count);
std::vector<uint64_t> verdict_seeds_of(const ResolvedConfig& config, size_t count);
// Says which finished trainings "NAME/seed_S" of a folder are of none of these seeds, where some
// are.
void print_left_aside(const std::filesystem::path& folder, const std::vector<uint64_t>& seeds);
// What trainings of `configs` on this machine, `side_by_side` of them at a time, depend on; seeds
// and splits are those of the first. Threads: each one's part of the processors.
RunConditions conditions_of(const std::vector<const ResolvedConfig*>& configs,
                            const Dataset& dataset, size_t seeds, size_t side_by_side);
// Of a training of `config`: its own number, else that of the conditions.
uint32_t threads_of(const ResolvedConfig& config, const RunConditions& conditions);

}  // namespace tasuki::tools
