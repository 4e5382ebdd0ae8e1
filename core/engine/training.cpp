#include "tasuki/engine/training.h"

#include <algorithm>
#include <optional>

#include "tasuki/engine/checkpoint.h"
#include "tasuki/engine/config_difference.h"
#include "tasuki/engine/initial_weights.h"
#include "tasuki/engine/process_settings.h"
#include "tasuki/engine/trainer.h"
#include "tasuki/io/files.h"
#include "tasuki/io/folder_lock.h"
#include "tasuki/registry/plugin_folders.h"

namespace tasuki {
namespace {

// The config with a name, the hooks of every run, and what this machine decides.
ResolvedConfig completed(const ResolvedConfig& config, const std::filesystem::path& base) {
  Config change;
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
  const auto config = completed(given, options.base);
  const ThreadSettings threads(config.message().train().threads());
  WorkDir dir(options.work_dir.empty()
                  ? std::filesystem::path("work_dirs") / config.message().name()
                  : options.work_dir,
              options.resume);
  auto experiment = build_experiment(config, options.data_root);
  auto hooks = build_hooks(config);
  const bool goes_on = dir.goes_on();
  auto run = build_run(std::move(experiment), dir.path(),
                       goes_on ? InitialWeights::kDrawn : InitialWeights::kPretrained);
  if (goes_on) {
    load_training_state(run, hooks, dir.path() / kLastFile, options.accepted);
    repair_best(run, dir.path());
  } else if (!options.init.empty()) {
    run.notes.push_back(take_weights(*run.experiment.model, options.init, options.init_partial));
  }
  dir.begin(config);
  Trainer(run, hooks).train();
  run.hook_states = nullptr;  // the hooks end here
  run.evaluated_weights = nullptr;
  return run;
}

}  // namespace tasuki
