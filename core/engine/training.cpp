#include "tasuki/engine/training.h"

#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/cuda.h>

#include <algorithm>
#include <optional>

#include "tasuki/engine/checkpoint.h"
#include "tasuki/engine/config_difference.h"
#include "tasuki/engine/initial_weights.h"
#include "tasuki/engine/process_settings.h"
#include "tasuki/engine/processes.h"
#include "tasuki/engine/trainer.h"
#include "tasuki/io/files.h"
#include "tasuki/io/folder_lock.h"
#include "tasuki/registry/plugin_folders.h"

namespace tasuki {
namespace {

// What processes of one machine have of it: equal shares of its processors, and a GPU each.
void share_machine(const ResolvedConfig& config, const Launch& launch, Config& change) {
  if (config.message().train().threads() == 0) {
    const int threads = std::max(1, threads_for(0) / launch.local_size);
    change.mutable_train()->set_threads(uint32_t(threads));
  }
  if (!torch::cuda::is_available()) return;
  const auto index = c10::DeviceIndex(launch.local_rank % int(torch::cuda::device_count()));
  c10::impl::VirtualGuardImpl(torch::kCUDA).setDevice({torch::kCUDA, index});
}

// The config with a name, the hooks of every run, and what this machine decides.
ResolvedConfig completed(const ResolvedConfig& config, const std::filesystem::path& base,
                         const ProcessGroup* processes) {
  Config change;
  if (processes != nullptr) share_machine(config, processes->launch(), change);
  if (config.message().name().empty()) {
    change.set_name(std::filesystem::path(config.file()).stem().string());
  }
  const auto standard = load_config(base);
  const auto& own = config.message().train().hook();
  for (const auto& hook : standard.given().train().hook()) {
    const bool there = std::any_of(
        own.begin(), own.end(), [&](const HookConfig& one) { return one.name() == hook.name(); });
    if (!there) *change.mutable_train()->add_hook() = hook;
  }
  return for_this_machine(laid_over(config, change));
}

// A folder that one training after the other works in.
class WorkDir {
 public:
  // A folder that is there is locked at once, before anything of it is read. Error (kUsage) where
  // it holds a run and that is not to be resumed, or none to resume.
  WorkDir(std::filesystem::path path, bool resume) : path_(std::move(path)), resume_(resume) {
    check();
    if (path_exists(path_)) lock();
  }

  const std::filesystem::path& path() const { return path_; }
  // A run that was killed before its first checkpoint has nothing to go on from, and begins anew.
  bool goes_on() const { return resume_ && path_exists(path_ / kLastFile); }

  // A new folder is made only now, when everything else has turned out well.
  void begin(const ResolvedConfig& config) {
    if (!lock_) lock();
    const auto file = path_ / kConfigFile;
    if (!goes_on() && path_exists(file)) check_is_of(config, file);
    write_file_atomically(file, config.text());
  }

 private:
  // What was killed before its first checkpoint is begun anew, but not as another run.
  static void check_is_of(const ResolvedConfig& config, const std::filesystem::path& file) {
    const auto before = parse_config(read_file(file), file.string());
    const auto change = config_difference(before, config).results;
    if (change.empty()) return;
    throw Error(ErrorKind::kUsage, file.string() + " is of another config: " + change +
                                       "; resume with the same, or give another --work-dir");
  }

  void check() const {
    const bool used = path_exists(path_ / kConfigFile) || path_exists(path_ / kLastFile);
    if (used && !resume_) {
      throw Error(ErrorKind::kUsage, path_.string() +
                                         " holds a run already; go on with it with --resume, or "
                                         "give another --work-dir");
    }
    if (resume_ && !used) {
      throw Error(ErrorKind::kUsage, path_.string() + " holds no run to resume");
    }
  }
  void lock() {
    lock_.emplace(path_);
    check();  // another process may have come first
  }

  std::filesystem::path path_;
  bool resume_;
  std::optional<FolderLock> lock_;
};

// Those of the first process become everybody's.
InitialWeights weights_of_run(bool goes_on, const Collective& processes) {
  return goes_on || !processes.is_first() ? InitialWeights::kDrawn : InitialWeights::kPretrained;
}

}  // namespace

ResolvedConfig for_this_machine(const ResolvedConfig& config) {
  const auto decided = parse_config("", config.file(), machine_assignments(config));
  return laid_over(config, decided.given());
}

Config read_config(const std::filesystem::path& file) {
  announce_plugins();
  auto config = load_config(file).message();
  if (config.name().empty()) config.set_name(file.stem().string());
  return config;
}

Run train(const Config& config, const TrainOptions& options) {
  announce_plugins();
  return train(laid_over(parse_config("", "the program's config"), config), options);
}

Run train(const ResolvedConfig& given, const TrainOptions& options) {
  auto& processes = options.processes != nullptr ? *options.processes : Collective::alone();
  check_processes(given, processes);
  const auto config = completed(given, options.base, options.processes);
  const ThreadSettings threads(config.message().train().threads());
  const auto path = options.work_dir.empty()
                        ? std::filesystem::path("work_dirs") / config.message().name()
                        : options.work_dir;
  std::optional<WorkDir> dir;  // of the first process, which alone writes
  if (processes.is_first()) dir.emplace(path, options.resume);
  const bool goes_on = processes.gather(dir && dir->goes_on() ? "yes" : "")[0] == "yes";
  auto experiment = build_experiment(config, options.data_root);
  experiment.process = size_t(processes.rank());
  experiment.processes = size_t(processes.size());
  if (processes.size() > 1) check_losses_split(experiment);
  auto hooks = build_hooks(config);
  auto run = build_run(std::move(experiment), path, weights_of_run(goes_on, processes));
  if (goes_on) {
    load_training_state(run, hooks, path / kLastFile, options.accepted);
    if (dir) repair_best(run, path);
  } else if (dir && !options.init.empty()) {
    run.notes.push_back(take_weights(*run.experiment.model, options.init, options.init_partial));
  }
  share_run(run, hooks, processes);
  if (dir) dir->begin(config);
  Trainer(run, hooks).train();
  run.hook_states = nullptr;  // the hooks end here
  run.evaluated_weights = nullptr;
  run.collective = &Collective::alone();
  return run;
}

}  // namespace tasuki
