#include "core/study/trial.h"

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

std::string removals(const Trial& trial, const Config& config) {
  std::string text;
  const auto sources = trial.sources();
  if (!config.model().self_auxiliary().empty()) text += "remove: \"model.self_auxiliary\"\n";
  // The trial measures for itself, or not at all.
  for (const auto& hook : config.train().hook()) {
    if (hook.hook().type_url() != "tasuki/Affinity") continue;
    text += "remove: " + string_literal("train.hook[" + hook.name() + "]") + "\n";
  }
  for (const auto& name : task_names(config)) {
    if (contains(trial.tasks, name) || contains(sources, name)) continue;
    text += "remove: " + string_literal("model.task[" + name + "]") + "\n";
  }
  return text;
}

std::string model_text(const Trial& trial) {
  std::string text;
  // A config may leave out a task itself; a trial of it predicts it.
  for (const auto& name : trial.tasks) {
    text += "  task { name: " + string_literal(name) + " joint: true }\n";
  }
  for (const auto& name : trial.sources()) {
    text += "  task { name: " + string_literal(name) + " joint: false }\n";
  }
  if (trial.transfers.empty()) return "model {\n" + text + "}\n";
  text += "  self_auxiliary {\n    [tasuki/Transfers] {\n";
  for (const auto& edge : trial.transfers) {
    text += "      edge { from: " + string_literal(edge.from) + " to: " + string_literal(edge.to) +
            " }\n";
  }
  return "model {\n" + text + "    }\n  }\n}\n";
}

std::string train_text(const Trial& trial, const Config& config, const TrialSetting& setting) {
  const auto line = [](const std::string& field, auto value) {
    return "  " + field + ": " + std::to_string(value) + "\n";
  };
  const int64_t epochs = trial.epochs == 0 ? epochs_of(config) : trial.epochs;
  std::string text = line("epochs", epochs) + line("seed", setting.seed);
  if (config.train().warmup_steps() > 0 && epochs < epochs_of(config)) {
    text += line("warmup_steps", warmup_steps(config, epochs));
  }
  if (setting.threads > 0) text += line("threads", setting.threads);
  text += "  weighting { [tasuki/EW] {} }\n";
  if (trial.measures_affinity) {
    text += "  hook { name: \"affinity\" hook { [tasuki/Affinity] { every: " +
            std::to_string(setting.affinity_every) + " } } }\n";
  }
  return "train {\n" + text + "}\n";
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

std::string trial_config(const Trial& trial, const Config& config, const TrialSetting& setting) {
  const std::string seed = std::to_string(setting.seed);
  return "base: " + string_literal(setting.base) + "\n" + removals(trial, config) +
         "name: " + string_literal(trial_name(trial) + ", seed " + seed) + "\n" +
         model_text(trial) + train_text(trial, config, setting);
}

int64_t warmup_steps(const Config& config, int64_t epochs) {
  return int64_t(config.train().warmup_steps()) * epochs / epochs_of(config);
}

std::string string_literal(const std::string& text) {
  std::string inside;
  for (const char c : text) {
    if (c == '"' || c == '\\') inside += '\\';
    inside += c == '\n' ? "\\n" : std::string(1, c);
  }
  return "\"" + inside + "\"";
}

}  // namespace tasuki
