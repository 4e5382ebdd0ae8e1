#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

#include "tasuki/io/folder_lock.h"
#include "tasuki/study/plan.h"
#include "tasuki/study/search.h"
#include "tasuki/study/search_transfers.h"
#include "tasuki/study/study_base.h"
#include "tasuki/study/train_queue.h"

namespace tasuki {

// The folder of a search: its plan and its trials.
class SearchFolder : public TrialTrainer {
 public:
  // Begins a search in `folder` or goes on with the one that is there. Error (kUsage) says in what
  // that one differs. Refers to the config, the base, the queue and the stream.
  SearchFolder(const std::filesystem::path& folder, const SearchOptions& options,
               const ResolvedConfig& config, const StudyBase& base, const Dataset& dataset,
               TrainQueue& queue, std::ostream& out);

  const std::filesystem::path& path() const { return path_; }

  void announce(const std::string& purpose, const std::vector<uint64_t>& seeds) override;
  // Trains what is not finished, and reads the results. Throws as TrainQueue does.
  void train(const std::vector<Trial>& trials, Findings& findings, bool last) override;
  TrainJob job(const Trial& trial, uint64_t seed) const;

 private:
  void open(const SearchOptions& options, const Dataset& dataset);
  void check_is_new(const std::filesystem::path& config_file) const;
  void describe(const Trial& trial, uint64_t seed) const;

  std::filesystem::path path_;
  const ResolvedConfig& config_;
  const StudyBase& base_;
  TrainQueue& queue_;
  std::ostream& out_;
  FolderLock lock_;
  MetricInfos infos_;
  SearchPlan plan_;
};

}  // namespace tasuki
