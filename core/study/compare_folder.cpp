#include "tasuki/study/compare_folder.h"

#include "tasuki/config/completed_text.h"
#include "tasuki/config/config_change.h"
#include "tasuki/config/parse.h"
#include "tasuki/config/writer.h"
#include "tasuki/io/files.h"
#include "tasuki/study/left_aside.h"
#include "tasuki/study/plan.h"
#include "tasuki/study/present_conditions.h"
#include "tasuki/study/strategy.h"
#include "tasuki/study/trial.h"

namespace tasuki {
namespace {

constexpr const char* kJsonFile = "compare.json";
constexpr const char* kHtmlFile = "compare.html";
constexpr const char* kSelfAuxiliariesFile = "self_auxiliaries.txt";
constexpr const char* kSingles = "single_task";

std::string text_of_transfers(const ComparedConfig& config) {
  return join(config.self_auxiliaries, "\n") + "\n";
}

// The first base of a config file, "" where it has none.
std::string base_of(const std::filesystem::path& file) {
  Config layer;
  parse_text({read_file(file), file.string(), true, "", nullptr}, layer);
  return layer.base_size() == 0 ? "" : layer.base(0);
}

std::string seed_name(uint64_t seed) {
  return "seed_" + std::to_string(seed);
}

}  // namespace

std::map<std::string, const ComparedConfig*> first_with_task(
    const std::vector<ComparedConfig>& configs) {
  std::map<std::string, const ComparedConfig*> first;
  for (const auto& config : configs) {
    for (const auto& task : task_names(config.config.message())) first.emplace(task, &config);
  }
  return first;
}

CompareFolder::CompareFolder(const std::filesystem::path& path,
                             const std::vector<ComparedConfig>& configs, const StudyBase& base,
                             const RunConditions& conditions, std::ostream& out)
    : path_(path),
      base_(base),
      conditions_(conditions),
      lock_(path, FolderLock::Holder::kWithChildren, kLockPatience) {
  check_conditions();
  for (const auto& config : configs) open(config);
  write_file_atomically(path_ / kStudyBaseFile, base_.config().given_text());
  write_conditions(path_ / kConditionsFile, conditions_);
  print_left_aside(path_, conditions_.seeds, out);
  print_left_aside(path_ / kSingles, conditions_.seeds, out);
}

void CompareFolder::check_name(const ComparedConfig& config) {
  for (const char* own :
       {kSingles, "lock", kJsonFile, kHtmlFile, kConditionsFile, kStudyBaseFile}) {
    if (config.name != own) continue;
    throw Error(ErrorKind::kUsage, config.config.file() +
                                       ": a comparison has something of its own that is called " +
                                       config.name + "; rename the config");
  }
}

std::filesystem::path CompareFolder::json_file() const {
  return path_ / kJsonFile;
}

std::filesystem::path CompareFolder::html_file() const {
  return path_ / kHtmlFile;
}

// What is there already was trained under the same conditions; its number of threads stays.
void CompareFolder::check_conditions() {
  const auto file = path_ / kConditionsFile;
  if (!std::filesystem::exists(file)) return check_is_new();
  const auto kept = read_conditions(file);
  auto why = obstacle(kept, conditions_);
  if (why.empty()) why = study_base_change(path_, base_);
  if (!why.empty()) {
    throw Error(ErrorKind::kUsage, path_.string() + " holds another comparison: " + why +
                                       "; go on with the same, or give another --work-dir");
  }
  conditions_.threads = kept.threads;
}

// What a comparison writes last is not there before its conditions.
void CompareFolder::check_is_new() const {
  for (const auto& file : {json_file(), html_file()}) {
    if (!std::filesystem::exists(file)) continue;
    throw Error(ErrorKind::kUsage, file.string() + " is there already, without " + kConditionsFile +
                                       " of a comparison; give another --work-dir");
  }
}

// The folder is new, or holds this config.
void CompareFolder::open(const ComparedConfig& config) const {
  const auto folder = path_ / config.name;
  const auto file = folder / kSearchedConfigFile;
  if (!std::filesystem::exists(file)) {
    write_file_atomically(file, config.config.text());
    write_file_atomically(folder / kSelfAuxiliariesFile, text_of_transfers(config));
    return;
  }
  check_self_auxiliaries(config);
  const auto change = config_change(completed_config(read_file(file)), config.config.text());
  if (change.empty()) return;
  throw Error(ErrorKind::kUsage,
              folder.string() + " holds another config: " + change + "; give another --work-dir");
}

// A config that reads a selection stays the same when that changes.
void CompareFolder::check_self_auxiliaries(const ComparedConfig& config) const {
  const auto folder = path_ / config.name;
  const auto file = folder / kSelfAuxiliariesFile;
  if (!std::filesystem::exists(file)) return;
  const auto change =
      config_change(read_file(file), text_of_transfers(config), "the self-auxiliaries");
  if (change.empty()) return;
  throw Error(ErrorKind::kUsage, folder.string() + ": " + change + ": the selection that " +
                                     config.name + " reads is another; give another --work-dir");
}

TrainJob CompareFolder::job(const ComparedConfig& config, uint64_t seed) const {
  const auto& message = config.config.message();
  const auto folder = path_ / config.name;
  TrainJob job;
  job.label = config.name + ", seed " + std::to_string(seed);
  job.config = folder / (seed_name(seed) + ".pbtxt");
  job.work_dir = folder / seed_name(seed);
  job.epochs = epochs_of(message);
  job.cost = double(job.epochs) * double(message.model().task_size());
  if (std::filesystem::exists(job.config)) return job;
  Config layer;
  layer.add_base(kSearchedConfigFile);
  layer.set_name(job.label);
  layer.mutable_train()->set_seed(seed);
  layer.mutable_train()->set_threads(threads_of(config.config, conditions_));
  write_file_atomically(job.config, write_text(layer));
  return job;
}

TrainJob CompareFolder::single_job(const ComparedConfig& config, const std::string& task,
                                   uint64_t seed) const {
  const auto& message = config.config.message();
  const Trial trial = alone(task);
  const auto folder = path_ / kSingles / trial_name(trial);
  TrainJob job;
  job.label = task + " alone, seed " + std::to_string(seed);
  job.config = folder / (seed_name(seed) + ".pbtxt");
  job.work_dir = folder / seed_name(seed);
  job.epochs = epochs_of(message);
  job.cost = double(job.epochs);
  const auto base = "../../" + config.name + "/" + kSearchedConfigFile;
  if (std::filesystem::exists(job.config)) {
    if (base_of(job.config) == base) return job;
    throw Error(ErrorKind::kUsage, folder.string() + " holds " + task +
                                       " alone by another config, and now " + config.name +
                                       " is the first that has the task; give the configs in the "
                                       "order of the first time, or another --work-dir");
  }
  auto layer = trial_config(trial, message, base_, {seed, threads_of(config.config, conditions_)});
  layer.add_base(base);
  write_file_atomically(job.config, write_text(layer));
  return job;
}

}  // namespace tasuki
