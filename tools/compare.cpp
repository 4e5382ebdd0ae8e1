#include <fmt/format.h>

#include <iostream>
#include <set>

#include "core/config/config_change.h"
#include "core/config/writer.h"
#include "core/data/files.h"
#include "core/engine/checkpoint.h"
#include "core/engine/experiment.h"
#include "core/study/comparison.h"
#include "core/study/strategy.h"
#include "tools/search_folder.h"

namespace tasuki::tools {
namespace {

struct CompareOptions {
  ConfigOptions shared;  // --set, --data-root, --plugin; its file is the one at hand
  std::vector<std::string> configs;
  std::vector<std::string> baselines;
  std::string work_dir = "work_dirs/compare";
  size_t seeds = 1;
  size_t jobs = 1;
  std::string split;
};

// A config of the comparison in a folder of its own.
struct Entry {
  std::string name;
  ResolvedConfig config;
  std::filesystem::path folder;
  std::vector<std::string>
      self_auxiliaries;  // some of which are read from a file beside the config
};

// A training of it, with one seed.
struct EntryRun {
  TrainJob job;
  std::filesystem::path figures;
};

// A finished single-task training that --baseline gives.
struct GivenBaseline {
  std::filesystem::path folder;
  ResolvedConfig config;
};

constexpr const char* kJsonFile = "compare.json";
constexpr const char* kHtmlFile = "compare.html";
constexpr const char* kSelfAuxiliariesFile = "self_auxiliaries.txt";

// What of a config says on which samples its figures are.
std::string text_of_data(const ResolvedConfig& config) {
  Experiment names;
  names.config = config;
  Config part;
  auto& data = *part.mutable_data();
  *data.mutable_dataset() = config.message().data().dataset();
  if (config.message().data().has_image()) *data.mutable_image() = config.message().data().image();
  data.set_validation_split(names.validation_split());
  data.set_test_split(names.test_split());
  return write_text(part);
}

class Compare {
 public:
  explicit Compare(const CompareOptions& options) : options_(options), folder_(options.work_dir) {
    for (const auto& file : options.configs) load(file);
    dataset_ = build_dataset(entries_.front().config, options.shared.root());
    for (auto& entry : entries_) {
      entry.self_auxiliaries = check_network(entry.config, *dataset_);
      check_steps(entry.config, *dataset_);
      const auto infos = metric_infos(entry.config, *dataset_);
      infos_.insert(infos.begin(), infos.end());
    }
    std::vector<const ResolvedConfig*> configs;
    for (const auto& entry : entries_) configs.push_back(&entry.config);
    conditions_ = conditions_of(configs, *dataset_, options.seeds, options.jobs);
    check_split();
    for (const auto& entry : entries_) check_protocol(entry.name, entry.config);
    read_baselines();
    lock_.emplace(folder_, FolderLock::Holder::kWithChildren, kLockPatience);
    check_conditions();
    for (const auto& entry : entries_) open(entry);
    write_conditions(folder_ / kConditionsFile, conditions_);
    print_left_aside(folder_, conditions_.seeds);
    print_left_aside(folder_ / "single_task", conditions_.seeds);
  }

  Comparison run() {
    train_all();
    Comparison comparison;
    comparison.title = "Comparison";
    comparison.seeds = conditions_.seeds;
    for (const auto& entry : entries_) comparison.models.push_back(model_of(entry));
    const auto& first = runs_.front();
    const auto result = read_trial_result(first.job.work_dir, infos_);
    comparison.protocol = result.protocol;
    comparison.split = options_.split.empty() ? result.split : options_.split;
    comparison.baselines = options_.baselines.empty() ? own_baselines() : given_baselines();
    write_file_atomically(folder_ / kJsonFile, comparison_json(comparison));
    write_file_atomically(folder_ / kHtmlFile, comparison_html(comparison));
    return comparison;
  }

 private:
  void load(const std::string& file) {
    ConfigOptions one = options_.shared;
    one.file = file;
    Entry entry{std::filesystem::path(file).stem().string(), one.load(), {}, {}};
    for (const char* own : {"single_task", "lock", kJsonFile, kHtmlFile, kConditionsFile}) {
      if (entry.name != own) continue;
      throw Error(ErrorKind::kUsage, file +
                                         ": a comparison has something of its own that is called " +
                                         entry.name + "; rename the config");
    }
    if (!names_.insert(entry.name).second) {
      throw Error(ErrorKind::kUsage, file + ": two configs of a comparison are called " +
                                         entry.name + ".pbtxt; rename one of them");
    }
    entry.folder = folder_ / entry.name;
    entries_.push_back(std::move(entry));
  }

  // Mistakes that would show only when everything is trained.
  void check_split() const {
    if (options_.split.empty() || has_split(*dataset_, options_.split)) return;
    throw unknown_split(options_.split, dataset_->splits()).within("--split");
  }

  // Figures of two protocols don't belong into one table.
  void check_protocol(const std::string& what, const ResolvedConfig& config) const {
    const auto& first = entries_.front();
    const auto& wanted = first.config.message().protocol().name();
    const auto& found = config.message().protocol().name();
    if (found == wanted) return;
    throw Error(ErrorKind::kUsage, what + ": its protocol is \"" + found + "\", and that of " +
                                       first.name + " is \"" + wanted +
                                       "\"; their figures can't be compared");
  }

  void read_baselines() {
    for (const std::filesystem::path folder : options_.baselines) {
      const auto fail = [&](const std::string& problem) {
        return Error(ErrorKind::kUsage, "--baseline " + folder.string() + ": " + problem);
      };
      if (!progress_of(folder).finished) throw fail("this is no work dir of a finished training");
      auto config = load_config(folder / kConfigFile);
      check_protocol("--baseline " + folder.string(), config);
      const auto& first = entries_.front();
      const auto change =
          config_change(text_of_data(config), text_of_data(first.config), "the data of both");
      if (!change.empty()) throw fail("its data are not those of " + first.name + ": " + change);
      const auto joint = joint_tasks(config.message());
      if (joint.size() != 1) throw fail("it predicts " + join(joint) + ", not one task alone");
      if (!std::filesystem::exists(figures_of(folder))) {
        throw fail(figures_of(folder).filename().string() +
                   " is not there; make it with tasuki eval " + (folder / kConfigFile).string() +
                   " " + (folder / kBestFile).string() + " --split " + options_.split);
      }
      given_[joint.front()].push_back({folder, std::move(config)});
    }
    if (options_.baselines.empty()) return;
    for (const auto& [task, entry] : tasks()) {
      if (given_.count(task) > 0) continue;
      throw Error(ErrorKind::kUsage, "--baseline: task \"" + task + "\" of " + entry->name +
                                         " has no single-task run among them");
    }
  }

  // What is there already was trained under the same conditions; its number of threads stays.
  void check_conditions() {
    const auto file = folder_ / kConditionsFile;
    if (!std::filesystem::exists(file)) return check_is_new();
    const auto kept = read_conditions(file);
    const auto why = obstacle(kept, conditions_);
    if (!why.empty()) {
      throw Error(ErrorKind::kUsage, folder_.string() + " holds another comparison: " + why +
                                         "; go on with the same, or give another --work-dir");
    }
    conditions_.threads = kept.threads;
  }

  // What a comparison writes last is not there before its conditions.
  void check_is_new() const {
    for (const char* name : {kJsonFile, kHtmlFile}) {
      if (!std::filesystem::exists(folder_ / name)) continue;
      throw Error(ErrorKind::kUsage, (folder_ / name).string() + " is there already, without " +
                                         kConditionsFile +
                                         " of a comparison; give another --work-dir");
    }
  }

  // The folder is new, or holds this config.
  static void open(const Entry& entry) {
    const auto file = entry.folder / kSearchedConfigFile;
    if (!std::filesystem::exists(file)) {
      write_file_atomically(file, entry.config.text());
      write_file_atomically(entry.folder / kSelfAuxiliariesFile, text_of_transfers(entry));
      return;
    }
    check_self_auxiliaries(entry);
    const auto change = config_change(read_file(file), entry.config.text());
    if (change.empty()) return;
    throw Error(ErrorKind::kUsage, entry.folder.string() + " holds another config: " + change +
                                       "; give another --work-dir");
  }

  static std::string text_of_transfers(const Entry& entry) {
    return join(entry.self_auxiliaries, "\n") + "\n";
  }

  // A config that reads a selection stays the same when that changes.
  static void check_self_auxiliaries(const Entry& entry) {
    const auto file = entry.folder / kSelfAuxiliariesFile;
    if (!std::filesystem::exists(file)) return;
    const auto change =
        config_change(read_file(file), text_of_transfers(entry), "the self-auxiliaries");
    if (change.empty()) return;
    throw Error(ErrorKind::kUsage, entry.folder.string() + ": " + change + ": the selection that " +
                                       entry.name + " reads is another; give another --work-dir");
  }

  EntryRun run_of(const Entry& entry, uint64_t seed) const {
    const auto name = "seed_" + std::to_string(seed);
    EntryRun run;
    run.job.label = entry.name + ", seed " + std::to_string(seed);
    run.job.config = entry.folder / (name + ".pbtxt");
    run.job.work_dir = entry.folder / name;
    run.job.epochs = epochs_of(entry.config.message());
    run.job.cost = double(run.job.epochs) * double(entry.config.message().model().task_size());
    run.figures = figures_of(run.job.work_dir);
    if (std::filesystem::exists(run.job.config)) return run;
    write_file_atomically(
        run.job.config,
        "base: " + string_literal(kSearchedConfigFile) +
            "\nname: " + string_literal(run.job.label) + "\ntrain { seed: " + std::to_string(seed) +
            " threads: " + std::to_string(threads_of(entry.config, conditions_)) + " }\n");
    return run;
  }

  // A task alone, by the first config that has it.
  EntryRun single_run(const Entry& entry, const std::string& task, uint64_t seed) const {
    const Trial trial = alone(task);
    const auto folder = folder_ / "single_task" / trial_name(trial);
    const auto name = "seed_" + std::to_string(seed);
    EntryRun run;
    run.job.label = task + " alone, seed " + std::to_string(seed);
    run.job.config = folder / (name + ".pbtxt");
    run.job.work_dir = folder / name;
    run.job.epochs = epochs_of(entry.config.message());
    run.job.cost = double(run.job.epochs);
    run.figures = figures_of(run.job.work_dir);
    const auto base = "../../" + entry.name + "/" + kSearchedConfigFile;
    if (std::filesystem::exists(run.job.config)) {
      if (read_file(run.job.config).starts_with("base: " + string_literal(base) + "\n")) return run;
      throw Error(ErrorKind::kUsage, folder.string() + " holds " + task +
                                         " alone by another config, and now " + entry.name +
                                         " is the first that has the task; give the configs in the "
                                         "order of the first time, or another --work-dir");
    }
    const TrialSetting setting{base, seed, threads_of(entry.config, conditions_), 1};
    write_file_atomically(run.job.config, trial_config(trial, entry.config.message(), setting));
    return run;
  }

  std::filesystem::path figures_of(const std::filesystem::path& work_dir) const {
    return work_dir / (options_.split.empty() ? std::string(kMetricsFile)
                                              : "eval_" + options_.split + ".json");
  }

  // All tasks, each with the first config that has it.
  std::map<std::string, const Entry*> tasks() const {
    std::map<std::string, const Entry*> first;
    for (const auto& entry : entries_) {
      for (const auto& task : task_names(entry.config.message())) first.emplace(task, &entry);
    }
    return first;
  }

  void train_all() {
    for (const auto& entry : entries_) {
      for (const uint64_t seed : conditions_.seeds) runs_.push_back(run_of(entry, seed));
    }
    if (options_.baselines.empty()) {
      for (const auto& [task, entry] : tasks()) {
        for (const uint64_t seed : conditions_.seeds) {
          singles_[task].push_back(single_run(*entry, task, seed));
        }
      }
    }
    std::vector<TrainJob> jobs;
    double cost = 0;
    for (const auto& run : runs_) jobs.push_back(run.job);
    for (const auto& [task, runs] : singles_) {
      for (const auto& run : runs) jobs.push_back(run.job);
    }
    for (const auto& job : jobs) cost += job.cost;
    const auto arguments = handed_on(options_.shared);
    TrainRunner(arguments, options_.jobs, cost).run(jobs);
    if (options_.split.empty()) return;
    for (const auto& job : jobs) evaluate_checkpoint(job, options_.split, arguments);
  }

  // Of a training in this folder.
  std::vector<TaskValues> own_figures(const EntryRun& run) const {
    const auto damaged = options_.split.empty() ? run.job.work_dir : run.figures;
    return with_advice(damaged, [&] { return read_figures(run.figures, infos_); });
  }

  ComparedModel model_of(const Entry& entry) const {
    ComparedModel model;
    model.name = entry.name;
    for (const uint64_t seed : conditions_.seeds) {
      const auto run = run_of(entry, seed);
      const auto result = read_trial_result(run.job.work_dir, infos_);
      model.by_seed.push_back(own_figures(run));
      model.epochs += double(result.epochs);
      model.seconds += result.seconds;
    }
    model.parameters = inference_parameters(entry.config, *dataset_);
    const auto joint = joint_tasks(entry.config.message());
    for (const auto& task : task_names(entry.config.message())) {
      if (std::find(joint.begin(), joint.end(), task) != joint.end()) continue;
      model.alone.push_back(task);
      model.parameters += inference_parameters(single_config(task), *dataset_);
    }
    return model;
  }

  // Of the single-task model that serves a task where a config leaves it out.
  ResolvedConfig single_config(const std::string& task) const {
    const auto own = singles_.find(task);
    if (own != singles_.end()) return load_config(own->second.front().job.config);
    return given_.at(task).front().config;
  }

  Baselines own_baselines() const {
    Baselines baselines;
    for (const auto& [task, runs] : singles_) {
      for (const auto& run : runs) {
        baselines[task].push_back(values_of(own_figures(run), task));
      }
    }
    return baselines;
  }

  // From the work dirs of single-task runs, in the order given.
  Baselines given_baselines() const {
    Baselines baselines;
    for (const auto& [task, entry] : tasks()) {
      for (const auto& single : given_.at(task)) {
        baselines[task].push_back(values_of(read_figures(figures_of(single.folder), infos_), task));
      }
    }
    return baselines;
  }

  const CompareOptions& options_;
  std::filesystem::path folder_;
  std::vector<Entry> entries_;
  std::set<std::string> names_;
  std::shared_ptr<const Dataset> dataset_;
  MetricInfos infos_;
  RunConditions conditions_;
  std::optional<FolderLock> lock_;
  std::vector<EntryRun> runs_;
  std::map<std::string, std::vector<EntryRun>> singles_;  // by task, as the next one
  std::map<std::string, std::vector<GivenBaseline>> given_;
};

std::string text_of(const Spread& spread, const char* one, const char* several) {
  return spread.count > 1 ? fmt::format(fmt::runtime(several), spread.mean, spread.deviation)
                          : fmt::format(fmt::runtime(one), spread.mean);
}

void print(const Comparison& comparison) {
  std::cout << fmt::format("\nProtocol {}, split {}, {} seeds\n",
                           comparison.protocol.empty() ? "unnamed" : comparison.protocol,
                           comparison.split, comparison.seeds.size());
  for (const auto& row : rows_of(comparison)) {
    std::cout << row.name << "\n";
    for (const auto& [name, value] : row.values) {
      std::cout << fmt::format("  {:<22} {}\n", name, text_of(value, "{:.5f}", "{:.5f} ± {:.5f}"));
    }
    if (row.delta_m) {
      std::cout << fmt::format("  {:<22} {}\n", "delta_m, percent",
                               text_of(*row.delta_m, "{:+.2f}", "{:+.2f} ± {:.2f}"));
    }
  }
}

void compare(const CompareOptions& options) {
  Compare comparison(options);
  print(comparison.run());
  std::cout << "Report: " << (std::filesystem::path(options.work_dir) / kHtmlFile).string() << "\n";
}

}  // namespace

void add_compare(CLI::App& app) {
  auto options = std::make_shared<CompareOptions>();
  auto* command = app.add_subcommand(
      "compare", "Train configs over seeds and put their figures into one table");
  options->shared.add_to(*command);
  command->remove_option(command->get_option("CONFIG"));
  command->add_option("CONFIG", options->configs, "Config files (.pbtxt)")->required();
  command->add_option("--work-dir", options->work_dir, "Folder of the comparison, to go on in too")
      ->capture_default_str();
  command->add_option("--seeds", options->seeds, "Trainings of each config, from train.seed on")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  command->add_option("--jobs", options->jobs, "Trainings side by side")
      ->capture_default_str()
      ->check(CLI::Range(1, 1024));
  command
      ->add_option("--baseline", options->baselines,
                   "Work dirs of single-task runs to compare with (default: each task is trained "
                   "alone, by the first config that has it)")
      ->type_name("DIR")
      ->allow_extra_args(false);
  command->add_option("--split", options->split,
                      "Evaluate the best checkpoints on this split once everything is trained "
                      "(default: figures on the validation split)");
  command->footer(
      "Example: tasuki compare configs/rooms/quickstart.pbtxt "
      "work_dirs/search_rooms_quickstart/next.pbtxt "
      "--seeds 3 --work-dir work_dirs/rooms_table");
  command->callback([options] { compare(*options); });
}

}  // namespace tasuki::tools
