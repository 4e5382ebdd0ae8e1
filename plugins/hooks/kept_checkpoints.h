#pragma once

#include <cstddef>
#include <filesystem>
#include <vector>

#include "tasuki/engine/run.h"

namespace tasuki::hooks {

// A training state that stays beside last.safetensors.
struct KeptCheckpoint {
  int64_t step = 0;  // finished steps of the run
  std::filesystem::path file;
};

// Those of a work dir, step_00001000.safetensors and so on, by step.
std::vector<KeptCheckpoint> kept_checkpoints(const std::filesystem::path& work_dir);

// Keeps what last.safetensors holds, the run's present state, as the file of its step as well, and
// removes all such files up to this step but the newest `keep`, which is at least 1. Files of later
// steps stay: the run has gone back behind them. The new file appears whole before any is removed;
// it is another name of the same data where the file system has such, otherwise a copy. Error
// (kRun) where it can't be written.
void keep_last_checkpoint(const Run& run, size_t keep);

}  // namespace tasuki::hooks
