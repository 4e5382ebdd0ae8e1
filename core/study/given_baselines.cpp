#include "tasuki/study/given_baselines.h"

#include "tasuki/config/config_change.h"
#include "tasuki/config/config_query.h"
#include "tasuki/config/writer.h"
#include "tasuki/engine/checkpoint.h"
#include "tasuki/engine/experiment.h"

namespace tasuki {
namespace {

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

}  // namespace

std::filesystem::path figures_file(const std::filesystem::path& work_dir,
                                   const std::string& split) {
  return work_dir / (split.empty() ? std::string(kMetricsFile) : "eval_" + split + ".json");
}

void check_protocol(const std::string& what, const ResolvedConfig& config,
                    const ComparedConfig& first) {
  const auto& wanted = first.config.message().protocol().name();
  const auto& found = config.message().protocol().name();
  if (found == wanted) return;
  throw Error(ErrorKind::kUsage, what + ": its protocol is \"" + found + "\", and that of " +
                                     first.name + " is \"" + wanted +
                                     "\"; their figures can't be compared");
}

GivenBaselines::GivenBaselines(const std::vector<std::filesystem::path>& folders,
                               const std::vector<ComparedConfig>& configs, const std::string& split)
    : split_(split) {
  if (folders.empty()) return;
  for (const auto& folder : folders) read(folder, configs.front());
  for (const auto& [task, config] : first_with_task(configs)) {
    if (by_task_.count(task) > 0) continue;
    throw Error(ErrorKind::kUsage, "--baseline: task \"" + task + "\" of " + config->name +
                                       " has no single-task run among them");
  }
}

void GivenBaselines::read(const std::filesystem::path& folder, const ComparedConfig& first) {
  const auto fail = [&](const std::string& problem) {
    return Error(ErrorKind::kUsage, "--baseline " + folder.string() + ": " + problem);
  };
  if (!progress_of(folder).finished) throw fail("this is no work dir of a finished training");
  auto config = load_config(folder / kConfigFile);
  check_protocol("--baseline " + folder.string(), config, first);
  const auto change =
      config_change(text_of_data(config), text_of_data(first.config), "the data of both");
  if (!change.empty()) throw fail("its data are not those of " + first.name + ": " + change);
  const auto joint = joint_tasks(config.message());
  if (joint.size() != 1) throw fail("it predicts " + join(joint) + ", not one task alone");
  const auto figures = figures_file(folder, split_);
  if (!std::filesystem::exists(figures)) {
    throw fail(figures.filename().string() + " is not there; make it with tasuki eval " +
               (folder / kConfigFile).string() + " " + (folder / kBestFile).string() + " --split " +
               split_);
  }
  by_task_[joint.front()].push_back({folder, std::move(config)});
}

const ResolvedConfig& GivenBaselines::config(const std::string& task) const {
  return by_task_.at(task).front().config;
}

Baselines GivenBaselines::figures(const std::vector<ComparedConfig>& configs,
                                  const MetricInfos& infos) const {
  Baselines baselines;
  for (const auto& item : first_with_task(configs)) {
    const auto& task = item.first;
    for (const auto& given : by_task_.at(task)) {
      baselines[task].push_back(
          values_of(read_figures(figures_file(given.folder, split_), infos), task));
    }
  }
  return baselines;
}

}  // namespace tasuki
