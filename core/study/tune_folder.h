#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>

#include "tasuki/config/config.h"
#include "tasuki/io/folder_lock.h"
#include "tasuki/study/conditions.h"
#include "tasuki/study/train_queue.h"
#include "tasuki/study/tune.h"

namespace tasuki {

// The folder of a tuning: what it is about, and its trainings.
class TuneFolder {
 public:
  // Begins a tuning in `path` or goes on with the one that is there, which may have had fewer
  // candidates or seeds, or more. Error (kUsage) says in what else that one differs. Refers to the
  // config and the base.
  TuneFolder(const std::filesystem::path& path, const ResolvedConfig& config,
             const WeightBase& base, double range, const RunConditions& conditions,
             std::ostream& out);

  const std::filesystem::path& path() const { return path_; }
  // The training of a candidate; its config file is written where it is not there.
  TrainJob job(size_t candidate, const TaskWeights& weights, int64_t epochs, uint64_t seed) const;
  // Writes the config with these weights: the searched one, and train.weighting.
  std::filesystem::path write_tuned(const TaskWeights& weights) const;

 private:
  void check_is_same(double range);
  void check_is_new() const;

  std::filesystem::path path_;
  const ResolvedConfig& config_;
  const WeightBase& base_;
  RunConditions conditions_;
  FolderLock lock_;
};

// What makes a candidate's config of the tuned one when it is laid over that.
Config tune_layer(const TaskWeights& weights, const Config& config, const WeightBase& base);

}  // namespace tasuki
