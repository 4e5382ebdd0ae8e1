#pragma once

#include <filesystem>
#include <string>

#include "tasuki/config/base_configs.h"
#include "tasuki/config/config.h"
#include "tasuki/distributed/process_group.h"
#include "tasuki/engine/resume.h"
#include "tasuki/engine/run.h"

namespace tasuki {

struct TrainOptions {
  // Folder for everything that the run leaves; empty: work_dirs/NAME.
  std::filesystem::path work_dir = {};
  // That data sets lie under.
  std::filesystem::path data_root = "data";
  // A config with the hooks that every run has; the config's own of the same name take their place.
  std::filesystem::path base = base_config_file("run.pbtxt");
  // Go on from the last checkpoint of the work dir.
  bool resume = false;
  Accepted accepted = {};
  // Begin with the weights of this checkpoint (take_weights); empty: as the config says.
  std::filesystem::path init = {};
  bool init_partial = false;
  // Those that train together, each of which calls train() with the same config; nullptr: this one
  // alone. The work dir has to be seen by all, and only the first writes.
  ProcessGroup* processes = nullptr;
};

// Trains a config, evaluates it as it goes, and leaves in the work dir what its hooks write there:
// best.safetensors, metrics.json, report.html, ... Threads, device and precision are fixed by this
// machine where the config leaves them open; the config without a name has that of its file. A run
// that was killed before its first checkpoint begins anew when it is resumed.
//
// Several processes train as one: data.loader.batch_size is that of all together, split over them,
// each sample comes once an epoch, gradients are those of the whole batch, figures those of the
// whole split. Threads that the config leaves open are shared out on each machine, and a process
// computes on the GPU of its local rank. Error (kUsage) for a batch that can't be split, and for a
// loss that can't be computed of parts of one.
//
// Error (kUsage) where the work dir holds a run and is not to be resumed, or none and is; nothing
// is changed then. Threads of LibTorch and OpenCV are those of the config while it runs; afterwards
// they and LibTorch's generators are as they were.
//
// Example:
//   const Run run = train(load_config("rooms.pbtxt"), {.work_dir = "out"});
//   std::cout << run.best_epoch << ": " << run.best_score << "\n";
Run train(const ResolvedConfig& config, const TrainOptions& options);

// A config file with its bases as a message to change and to train by: load_config() where an error
// need not name the place in the file. Plugins of the installation and of TASUKI_PLUGIN_PATH are
// announced.
//
// Example:
//   Config config = read_config("rooms.pbtxt");
//   config.mutable_train()->set_epochs(2);
//   const Run run = train(config, {.work_dir = "out"});
Config read_config(const std::filesystem::path& file);
Run train(const Config& config, const TrainOptions& options);

// The config with threads, device and precision fixed by this machine.
ResolvedConfig for_this_machine(const ResolvedConfig& config);

}  // namespace tasuki
