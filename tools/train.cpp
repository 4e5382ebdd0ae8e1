#include "core/data/files.h"
#include "core/data/folder_lock.h"
#include "core/engine/checkpoint.h"
#include "core/engine/config_difference.h"
#include "core/engine/initial_weights.h"
#include "core/engine/trainer.h"
#include "tools/command.h"

namespace tasuki::tools {
namespace {

// What every run leaves in its work dir; a config's hook of the same name takes its place.
struct StandardHook {
  const char* name;
  const char* plugin;
  int priority;
};
constexpr StandardHook kStandardHooks[] = {{"checkpoint", "tasuki/Checkpoint", 80},
                                           {"history", "tasuki/History", 70},
                                           {"log", "tasuki/Log", 60},
                                           {"report", "tasuki/Report", 90}};

struct TrainOptions {
  ConfigOptions config;
  std::string work_dir;
  bool resume = false;
  Accepted accepted;
  std::string init;
  bool init_partial = false;
};

std::vector<std::string> standard_hooks(const ResolvedConfig& config) {
  std::vector<std::string> assignments;
  for (const auto& standard : kStandardHooks) {
    const auto& hooks = config.message().train().hook();
    const bool there = std::any_of(hooks.begin(), hooks.end(), [&](const HookConfig& hook) {
      return hook.name() == standard.name;
    });
    if (there) continue;
    const std::string path = "train.hook[" + std::string(standard.name) + "]";
    assignments.push_back(path + ".hook=[" + standard.plugin + "]{}");
    assignments.push_back(path + ".priority=" + std::to_string(standard.priority));
  }
  return assignments;
}

ResolvedConfig resolve(const TrainOptions& options) {
  ConfigOptions with_hooks = options.config;
  const auto config = options.config.load();
  if (config.message().name().empty()) {
    with_hooks.assignments.push_back(
        "name=\"" + std::filesystem::path(options.config.file).stem().string() + "\"");
  }
  for (auto& assignment : standard_hooks(config)) {
    with_hooks.assignments.push_back(std::move(assignment));
  }
  return with_hooks.load_for_machine();
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
  // A run that was killed in its first epoch has nothing to go on from, and begins anew.
  bool goes_on() const { return resume_ && path_exists(path_ / kLastFile); }

  // A new folder is made only now, when everything else has turned out well.
  void begin(const ResolvedConfig& config) {
    if (!lock_) lock();
    const auto file = path_ / kConfigFile;
    if (!goes_on() && path_exists(file)) check_is_of(config, file);
    write_file_atomically(file, config.text());
  }

 private:
  // What was killed in its first epoch is begun anew, but not as another run.
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

void train(const TrainOptions& options) {
  const auto config = resolve(options);
  WorkDir dir(options.work_dir.empty()
                  ? std::filesystem::path("work_dirs") / config.message().name()
                  : std::filesystem::path(options.work_dir),
              options.resume);
  auto experiment = build_experiment(config, options.config.root());
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
  std::cout << "Report: " << (dir.path() / kReportFile).string() << "\n";
}

void add_resume(CLI::App& command, TrainOptions& options) {
  auto* resume =
      command.add_flag("--resume", options.resume,
                       "Go on from the last finished epoch of the work dir; train.epochs "
                       "may be another number, and what changes no result may be set "
                       "otherwise");
  command
      .add_flag("--accept-other-machine", options.accepted.other_machine,
                "Resume with other threads, device or precision than before")
      ->needs(resume);
  command
      .add_flag("--accept-other-build", options.accepted.other_build,
                "Resume what another Tasuki, LibTorch or compiler began")
      ->needs(resume);
  command
      .add_flag("--accept-changed-data", options.accepted.changed_data,
                "Resume on other samples than before; results say so")
      ->needs(resume);
}

}  // namespace

void add_train(CLI::App& app) {
  auto options = std::make_shared<TrainOptions>();
  auto* command = app.add_subcommand("train", "Train a config and evaluate it as it goes");
  options->config.add_to(*command);
  command->add_option("--work-dir", options->work_dir,
                      "Folder for everything that the run leaves (default: work_dirs/NAME)");
  add_resume(*command, *options);
  auto* init = command
                   ->add_option("--init", options->init,
                                "Begin with the weights of this checkpoint (best, last or "
                                "exported), which has to have all of the model's tensors and no "
                                "others")
                   ->type_name("FILE");
  command
      ->add_flag("--init-partial", options->init_partial,
                 "Take the tensors of --init that fit by name and shape, and draw the others")
      ->needs(init);
  command->footer(
      "Example: tasuki train configs/rooms/quickstart.pbtxt --set train.epochs=2 "
      "--work-dir work_dirs/try");
  command->callback([options] { train(*options); });
}

}  // namespace tasuki::tools
