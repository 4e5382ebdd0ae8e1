#include "tasuki/model/model_decoders.h"

#include <algorithm>

namespace tasuki {
namespace {

std::vector<std::string> task_names(const ResolvedConfig& config) {
  std::vector<std::string> names;
  for (const auto& task : config.message().model().task()) names.push_back(task.name());
  return names;
}

bool has_name(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// A decoder's name is part of tensor names, as an objective's is.
void check_decoder_name(const ResolvedConfig& config, const std::string& path,
                        const std::string& name, const std::vector<std::string>& tasks) {
  if (name.empty()) throw config.error("model.decoder", "a decoder of several tasks has no name");
  if (name.find_first_of("./\\") != std::string::npos || name.find("->") != std::string::npos) {
    throw config.error(path + ".name",
                       "a decoder's name has no dot, no slash and no \"->\": tensors carry it");
  }
  if (has_name(tasks, name)) {
    throw config.error(path + ".name",
                       "\"" + name + "\" is the name of a task, whose decoder would have it too");
  }
}

}  // namespace

std::set<std::string> ModelDecoder::trained_by(const std::string& parameter) const {
  if (cross_) {
    auto tasks = cross_->tasks_of(parameter);
    if (!tasks.empty()) return tasks;
  }
  std::set<std::string> all;
  for (const auto& objective : objectives_) all.insert(objective.name);
  return all;
}

Error ModelDecoder::wrong(const std::string& what) const {
  return {ErrorKind::kPlugin, "decoder " + name_ + " " + what};
}

std::vector<DecoderOutput> ModelDecoder::run_single(const RouteFeatures& features,
                                                    ForwardTrace* trace) const {
  std::vector<DecoderOutput> further;
  single_->keep_last_features(trace == nullptr ? nullptr : &trace->last_features[name_]);
  single_->keep_supervised(&further);
  std::vector<DecoderOutput> outputs(1);
  outputs[0].logits = single_->forward(features);
  single_->keep_supervised(nullptr);
  for (auto& output : further) {
    output.training_only = true;
    outputs.push_back(std::move(output));
  }
  for (auto& output : outputs) output.objective = name_;
  return outputs;
}

std::vector<DecoderOutput> ModelDecoder::run_cross(
    const std::map<std::string, RouteFeatures>& features, ForwardTrace* trace) const {
  TaskFeatures served;
  for (const auto& objective : objectives_) {
    served[objective.name] = features.at(objective.route);
  }
  cross_->keep_last_features(trace == nullptr ? nullptr : &trace->last_features);
  return cross_->forward(served);
}

std::map<std::string, std::vector<DecoderOutput>> ModelDecoder::run(
    const std::map<std::string, RouteFeatures>& features, ForwardTrace* trace) const {
  auto outputs =
      single_ ? run_single(features.at(objectives_[0].route), trace) : run_cross(features, trace);
  std::map<std::string, std::vector<DecoderOutput>> sorted;
  for (const auto& objective : objectives_) sorted[objective.name] = {};
  const bool training = single_ ? single_->is_training() : cross_->is_training();
  for (const bool supervises : {false, true}) {
    for (auto& output : outputs) {
      if (output.training_only != supervises || (supervises && !training)) continue;
      const auto found = sorted.find(output.objective);
      if (found == sorted.end()) {
        throw wrong("gives an output for \"" + output.objective + "\", which it does not serve");
      }
      if (!supervises && !found->second.empty()) {
        throw wrong("gives two outputs for " + output.objective + " that are not training_only");
      }
      found->second.push_back(std::move(output));
    }
    if (supervises) break;
    for (const auto& [objective, first] : sorted) {
      if (first.empty()) throw wrong("gives no output for " + objective + ", which it serves");
    }
  }
  return sorted;
}

ServedTasks::ServedTasks(const ResolvedConfig& config, const std::vector<std::string>& tasks) {
  for (const auto& described : config.message().model().decoder()) add(config, described, tasks);
  for (const auto& task : config.message().model().task()) {
    const auto decoder = decoder_of(task.name());
    if (decoder.empty() || task.decoder().type_url().empty()) continue;
    throw config.error("model.task[" + task.name() + "].decoder",
                       "decoder \"" + decoder + "\" serves task \"" + task.name() +
                           "\", which has a decoder of its own; leave one of them out");
  }
}

void ServedTasks::add(const ResolvedConfig& config, const DecoderConfig& described,
                      const std::vector<std::string>& tasks) {
  const auto& name = described.name();
  const std::string path = "model.decoder[" + name + "]";
  const auto known = task_names(config);
  check_decoder_name(config, path, name, known);
  if (described.serves().empty()) {
    throw config.error(path + ".serves", "it serves no task; the model has: " + join(known));
  }
  Served decoder{name, path, {}};
  for (int i = 0; i < described.serves_size(); ++i) {
    const auto& task = described.serves(i);
    const auto place = path + ".serves[" + std::to_string(i) + "]";
    if (!has_name(known, task)) {
      throw config.error(place, "there is no task \"" + task + "\"" + did_you_mean(task, known) +
                                    "; the model has: " + join(known));
    }
    const auto [owner, first] = decoder_of_.emplace(task, name);
    if (!first) {
      throw config.error(
          place, "task \"" + task + "\" is served by decoder \"" + owner->second + "\" already");
    }
    if (has_name(tasks, task)) decoder.tasks.push_back(task);
  }
  decoders_.push_back(std::move(decoder));
}

std::string ServedTasks::decoder_of(const std::string& task) const {
  const auto found = decoder_of_.find(task);
  return found == decoder_of_.end() ? "" : found->second;
}

}  // namespace tasuki
