#include "tasuki/study/trial.h"

#include <algorithm>
#include <boost/crc.hpp>
#include <cstdio>

namespace tasuki {
namespace {

constexpr size_t kLongestName = 100;

bool is_plain(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         c == '-';
}

template <class Number>
std::string hexadecimal(const char* format, Number value) {
  char text[16];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string escaped(const std::string& task) {
  std::string text;
  for (const char c : task) {
    text += is_plain(c) ? std::string(1, c)
                        : hexadecimal("%%%02X", unsigned(static_cast<unsigned char>(c)));
  }
  return text;
}

std::string shortened(const std::string& name) {
  if (name.size() <= kLongestName) return name;
  boost::crc_32_type crc;
  crc.process_bytes(name.data(), name.size());
  return name.substr(0, kLongestName) + ",," + hexadecimal("%08x", unsigned(crc.checksum()));
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void add_removals(Config& layer, const Trial& trial, const Config& config, const StudyBase& study) {
  const auto sources = trial.sources();
  if (!config.model().self_auxiliary().empty()) layer.add_remove("model.self_auxiliary");
  // The trial measures for itself, or not at all.
  for (const auto& hook : config.train().hook()) {
    if (study.measures_affinity(hook)) layer.add_remove("train.hook[" + hook.name() + "]");
  }
  for (const auto& name : task_names(config)) {
    if (contains(trial.tasks, name) || contains(sources, name)) continue;
    layer.add_remove("model.task[" + name + "]");
  }
}

void add_task(Model& model, const std::string& name, bool joint) {
  auto& task = *model.add_task();
  task.set_name(name);
  task.set_joint(joint);
}

void fill_model(Model& model, const Trial& trial, const StudyBase& study) {
  // A config may leave out a task itself; a trial of it predicts it.
  for (const auto& name : trial.tasks) add_task(model, name, true);
  for (const auto& name : trial.sources()) add_task(model, name, false);
  if (!trial.transfers.empty()) *model.add_self_auxiliary() = study.transfers(trial.transfers);
}

void fill_train(Train& train, const Trial& trial, const Config& config, const StudyBase& study,
                const TrialSetting& setting) {
  const int64_t epochs = trial.epochs == 0 ? epochs_of(config) : trial.epochs;
  train.set_epochs(uint32_t(epochs));
  train.set_seed(setting.seed);
  if (config.train().warmup_steps() > 0 && epochs < epochs_of(config)) {
    train.set_warmup_steps(uint32_t(warmup_steps(config, epochs)));
  }
  if (setting.threads > 0) train.set_threads(setting.threads);
  *train.mutable_weighting() = study.weighting();
  if (trial.measures_affinity) *train.add_hook() = study.affinity(setting.affinity_every);
}

}  // namespace

std::vector<std::string> Trial::sources() const {
  std::vector<std::string> names;
  for (const auto& edge : transfers) {
    if (!contains(tasks, edge.from) && !contains(names, edge.from)) names.push_back(edge.from);
  }
  return names;
}

std::string trial_name(const Trial& trial) {
  std::string name;
  for (const auto& task : trial.tasks) name += (name.empty() ? "" : "+") + escaped(task);
  for (const auto& edge : trial.transfers) {
    name += "," + escaped(edge.from) + "~" + escaped(edge.to);
  }
  name = shortened(name);
  if (trial.epochs != 0) name += "@" + std::to_string(trial.epochs);
  if (trial.measures_affinity) name += "@affinity";
  return name;
}

Config trial_config(const Trial& trial, const Config& config, const StudyBase& study,
                    const TrialSetting& setting) {
  Config layer;
  add_removals(layer, trial, config, study);
  layer.set_name(trial_name(trial) + ", seed " + std::to_string(setting.seed));
  fill_model(*layer.mutable_model(), trial, study);
  fill_train(*layer.mutable_train(), trial, config, study, setting);
  return layer;
}

int64_t warmup_steps(const Config& config, int64_t epochs) {
  return int64_t(config.train().warmup_steps()) * epochs / epochs_of(config);
}

}  // namespace tasuki
