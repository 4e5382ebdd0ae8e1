#pragma once

#include <filesystem>
#include <string>

#include "core/config/base_configs.h"
#include "core/config/config.h"
#include "core/engine/resume.h"
#include "core/engine/run.h"

namespace tasuki {

struct TrainOptions {
  // Folder for everything that the run leaves; empty: work_dirs/NAME.
  std::filesystem::path work_dir;
  // That data sets lie under.
  std::filesystem::path data_root = "data";
  // A config with the hooks that every run has; the config's own of the same name take their place.
  std::filesystem::path base = base_config_file("run.pbtxt");
  // Go on from the last checkpoint of the work dir.
  bool resume = false;
  Accepted accepted;
  // Begin with the weights of this checkpoint (take_weights); empty: as the config says.
  std::filesystem::path init;
  bool init_partial = false;
};

// Trains a config, evaluates it as it goes, and leaves in the work dir what its hooks write there:
// best.safetensors, metrics.json, report.html, ... Threads, device and precision are fixed by this
// machine where the config leaves them open; the config without a name has that of its file. A run
// that was killed before its first checkpoint begins anew when it is resumed.
//
// Error (kUsage) where the work dir holds a run and is not to be resumed, or none and is; nothing
// is changed then. Sets the process's threads and LibTorch's seed.
//
//   const Run run = train(load_config("rooms.pbtxt"), {.work_dir = "out"});
//   std::cout << run.best_epoch << ": " << run.best_score << "\n";
Run train(const ResolvedConfig& config, const TrainOptions& options);

// The config with threads, device and precision fixed by this machine.
ResolvedConfig for_this_machine(const ResolvedConfig& config);

}  // namespace tasuki
