#include "tasuki/study/tune_folder.h"

#include <fmt/format.h>

#include "tasuki/config/completed_text.h"
#include "tasuki/config/config_change.h"
#include "tasuki/config/config_query.h"
#include "tasuki/config/writer.h"
#include "tasuki/io/files.h"
#include "tasuki/study/left_aside.h"
#include "tasuki/study/plan.h"
#include "tasuki/study/present_conditions.h"
#include "tasuki/study/trial.h"

namespace tasuki {
namespace {

constexpr const char* kWeightBaseFile = "weight_base.pbtxt";
constexpr const char* kRangeFile = "range.txt";
constexpr const char* kTrainings = "candidates";

std::string range_text(double range) {
  return fmt::format("{}\n", range);
}

}  // namespace

Config tune_layer(const TaskWeights& weights, const Config& config, const WeightBase& base) {
  Config layer;
  if (config.train().has_weighting()) layer.add_remove("train.weighting");
  const auto tasks = joint_tasks(config);
  std::map<std::string, double> by_name;
  for (size_t i = 0; i < tasks.size(); ++i) by_name[tasks[i]] = weights[i];
  *layer.mutable_train()->mutable_weighting() = base.weighting(by_name);
  return layer;
}

TuneFolder::TuneFolder(const std::filesystem::path& path, const ResolvedConfig& config,
                       const WeightBase& base, double range, const RunConditions& conditions,
                       std::ostream& out)
    : path_(path),
      config_(config),
      base_(base),
      conditions_(conditions),
      lock_(path, FolderLock::Holder::kWithChildren, kLockPatience) {
  if (std::filesystem::exists(path_ / kConditionsFile)) {
    check_is_same(range);
  } else {
    check_is_new();
  }
  write_file_atomically(path_ / kSearchedConfigFile, config_.text());
  write_file_atomically(path_ / kWeightBaseFile, base_.config().given_text());
  write_file_atomically(path_ / kRangeFile, range_text(range));
  write_conditions(path_ / kConditionsFile, conditions_);
  print_left_aside(path_ / kTrainings, conditions_.seeds, out);
}

// What is there already was trained under the same conditions; its number of threads stays.
void TuneFolder::check_is_same(double range) {
  const auto kept = read_conditions(path_ / kConditionsFile);
  auto why = obstacle(kept, conditions_);
  const auto compare = [&](const char* file, const std::string& asked, const std::string& what) {
    if (why.empty()) why = config_change(read_file(path_ / file), asked, what);
  };
  if (why.empty()) {
    why = config_change(completed_config(read_file(path_ / kSearchedConfigFile)), config_.text());
  }
  compare(kWeightBaseFile, base_.config().given_text(), "the base of the tuning");
  compare(kRangeFile, range_text(range), "the range of the weights");
  if (!why.empty()) {
    throw Error(ErrorKind::kUsage, path_.string() + " holds another tuning: " + why +
                                       "; go on with the same, or give another --work-dir");
  }
  conditions_.threads = kept.threads;
}

// What a tuning writes last is not there before its conditions.
void TuneFolder::check_is_new() const {
  for (const char* name : {kTunedFile, kTuneJson, kTrainings}) {
    if (!std::filesystem::exists(path_ / name)) continue;
    throw Error(ErrorKind::kUsage, (path_ / name).string() + " is there already, without " +
                                       kConditionsFile + " of a tuning; give another --work-dir");
  }
  const auto config_file = path_ / kSearchedConfigFile;
  if (!std::filesystem::exists(config_file)) return;
  const auto change = config_change(completed_config(read_file(config_file)), config_.text());
  if (change.empty()) return;
  throw Error(ErrorKind::kUsage, path_.string() + " is the folder of something else, without " +
                                     kConditionsFile + ": " + change + "; give another --work-dir");
}

TrainJob TuneFolder::job(size_t candidate, const TaskWeights& weights, int64_t epochs,
                         uint64_t seed) const {
  const auto& message = config_.message();
  const auto name = fmt::format("{}@{}", candidate, epochs);
  const auto seed_name = "seed_" + std::to_string(seed);
  const auto place = path_ / kTrainings / name;
  TrainJob job;
  job.label = fmt::format("candidate {} over {} {}, seed {}", candidate, epochs,
                          epochs == 1 ? "epoch" : "epochs", seed);
  job.config = place / (seed_name + ".pbtxt");
  job.work_dir = place / seed_name;
  job.epochs = epochs;
  job.cost = double(epochs);
  if (std::filesystem::exists(job.config)) return job;
  auto layer = tune_layer(weights, message, base_);
  layer.add_base((std::filesystem::path("..") / ".." / kSearchedConfigFile).string());
  layer.set_name(job.label);
  auto& train = *layer.mutable_train();
  train.set_epochs(uint32_t(epochs));
  train.set_seed(seed);
  train.set_threads(threads_of(config_, conditions_));
  if (message.train().warmup_steps() > 0 && epochs < epochs_of(message)) {
    train.set_warmup_steps(uint32_t(warmup_steps(message, epochs)));
  }
  write_file_atomically(job.config, write_text(layer));
  return job;
}

std::filesystem::path TuneFolder::write_tuned(const TaskWeights& weights) const {
  auto layer = tune_layer(weights, config_.message(), base_);
  layer.add_base(kSearchedConfigFile);
  const auto file = path_ / kTunedFile;
  write_file_atomically(file, "# Written by tasuki tune.\n" + write_text(layer));
  return file;
}

}  // namespace tasuki
