#include "tasuki/engine/checkpoint.h"

#include <torch/torch.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "tasuki/io/files.h"
#include "tasuki/model/safetensors.h"
#include "tasuki/stamp.h"

namespace tasuki {
namespace {

using nlohmann::json;

constexpr const char* kModel = "model.";
constexpr const char* kOptimizer = "optimizer.";
constexpr const char* kWeighting = "weighting.";
constexpr const char* kEvaluated = "evaluated.";

std::map<std::string, std::string> metadata(const Run& run, const char* format, int64_t epoch) {
  std::map<std::string, std::string> out = {{"format", format},
                                            {"config", run.experiment.config.text()},
                                            {"epoch", std::to_string(epoch)},
                                            {"stamp", kStamp}};
  if (run.evaluation) {
    out["metrics"] = run.evaluation->json(run.experiment.config).dump();
    out["score"] = score_text(run.score);
  }
  if (!run.data.empty()) out["data"] = json(run.data).dump();
  if (!run.notes.empty()) out["notes"] = json(run.notes).dump();
  if (run.experiment.processes > 1) out["processes"] = std::to_string(run.experiment.processes);
  return out;
}

void add(NamedTensors& tensors, const std::string& prefix,
         const std::map<std::string, torch::Tensor>& more) {
  for (const auto& [name, tensor] : more) tensors.emplace_back(prefix + name, tensor);
}

// Tensors whose names begin with `prefix`, without it.
NamedTensors part(const NamedTensors& tensors, const std::string& prefix) {
  NamedTensors found;
  for (const auto& [name, tensor] : tensors) {
    if (name.starts_with(prefix)) found.emplace_back(name.substr(prefix.size()), tensor);
  }
  return found;
}

// `tensors`, with those of `others` in the place of the ones that they share the names of.
NamedTensors laid_over(NamedTensors tensors, const NamedTensors& others) {
  const std::map<std::string, torch::Tensor> by_name(others.begin(), others.end());
  for (auto& [name, tensor] : tensors) {
    const auto other = by_name.find(name);
    if (other != by_name.end()) tensor = other->second;
  }
  return tensors;
}

NamedTensors evaluated_weights_of(const Run& run) {
  return run.evaluated_weights ? run.evaluated_weights() : NamedTensors();
}

// The weights of a training state that were evaluated.
NamedTensors evaluated_part(const NamedTensors& tensors) {
  return laid_over(part(tensors, kModel), part(tensors, kEvaluated));
}

std::vector<std::string> names_of(const NamedTensors& tensors) {
  std::vector<std::string> names;
  for (const auto& item : tensors) names.push_back(item.first);
  return names;
}

// Names of all that isn't the model's.
std::set<std::string> further_names(const NamedTensors& tensors) {
  std::set<std::string> names;
  for (const auto& item : tensors) {
    if (!item.first.starts_with(kModel)) names.insert(item.first);
  }
  return names;
}

// The state lists the tensors that were saved beside the model's: an optimiser without its buffers
// would go on as a fresh one, and nobody would notice.
void check_names(const NamedTensors& tensors, const json& state) {
  const auto found = further_names(tensors);
  const auto saved = state.at("tensors").get<std::set<std::string>>();
  std::vector<std::string> missing, unexpected;
  std::set_difference(saved.begin(), saved.end(), found.begin(), found.end(),
                      std::back_inserter(missing));
  std::set_difference(found.begin(), found.end(), saved.begin(), saved.end(),
                      std::back_inserter(unexpected));
  std::string problem;
  if (!missing.empty()) problem += "\n  missing: " + join(missing);
  if (!unexpected.empty()) problem += "\n  unexpected: " + join(unexpected);
  if (!problem.empty()) {
    throw Error(ErrorKind::kData, "its tensors are not those that were saved" + problem);
  }
}

std::map<std::string, torch::Tensor> part_by_name(const NamedTensors& tensors,
                                                  const std::string& prefix) {
  const auto found = part(tensors, prefix);
  return {found.begin(), found.end()};
}

// Where each parameter lies in the optimiser's vectors: [[name, begin, end], ...].
json layout_of(const ParameterSpace& parameters) {
  json layout = json::array();
  for (const auto& segment : parameters.segments()) {
    layout.push_back({segment.name, segment.begin, segment.end});
  }
  return layout;
}

// A vector of a saved layout, as this run's parameters lie.
torch::Tensor laid_out(const torch::Tensor& saved, const json& layout,
                       const ParameterSpace& parameters) {
  std::map<std::string, torch::Tensor> by_name;
  for (const auto& entry : layout) {
    const int64_t begin = entry.at(1), end = entry.at(2);
    if (begin < 0 || end < begin || end > saved.numel()) {
      throw Error(ErrorKind::kData, "its layout goes beyond the optimiser's vectors");
    }
    by_name[entry.at(0)] = saved.slice(0, begin, end);
  }
  auto vector = torch::zeros({parameters.values().numel()}, saved.options());
  for (const auto& segment : parameters.segments()) {
    const auto found = by_name.find(segment.name);
    const int64_t size = segment.end - segment.begin;
    if (found == by_name.end() || found->second.numel() != size) {
      throw Error(ErrorKind::kData,
                  "the optimiser's state has no " + segment.name + " of this model's size");
    }
    vector.slice(0, segment.begin, segment.end).copy_(found->second);
  }
  return vector;
}

// The optimiser's state by name; files of before have no layout: theirs is the order of
// registration, which a run without groups of parameters has still.
std::map<std::string, torch::Tensor> optimizer_state(const Run& run, const NamedTensors& tensors,
                                                     const json& state) {
  auto found = part_by_name(tensors, kOptimizer);
  const auto layout = state.find("layout");
  if (layout == state.end() || *layout == layout_of(*run.parameters)) return found;
  for (auto& [name, tensor] : found) {
    if (tensor.dim() == 1) tensor = laid_out(tensor, *layout, *run.parameters);
  }
  return found;
}

json values_of(const Evaluation& evaluation) {
  json out = json::array();
  for (const auto& task : evaluation.tasks) {
    json values = json::array();
    for (const auto& value : task.values) {
      // As text of its bits would be exact too; a hexadecimal float is, and can be read.
      char text[64];
      std::snprintf(text, sizeof(text), "%a", value.value);
      values.push_back({value.info.name, value.info.unit, value.info.higher_is_better,
                        value.info.in_protocol, text});
    }
    out.push_back({{"task", task.task}, {"values", values}, {"details", task.details}});
  }
  return {{"split", evaluation.split},
          {"samples", evaluation.samples},
          {"seconds", evaluation.seconds},
          {"tasks", out}};
}

Evaluation evaluation_of(const json& saved) {
  Evaluation evaluation;
  evaluation.split = saved.at("split");
  evaluation.samples = saved.at("samples");
  evaluation.seconds = saved.at("seconds");
  for (const auto& task : saved.at("tasks")) {
    TaskEvaluation entry{task.at("task"), {}, task.at("details")};
    for (const auto& value : task.at("values")) {
      entry.values.push_back({{value.at(0), value.at(1), value.at(2), value.at(3)},
                              std::strtod(value.at(4).get<std::string>().c_str(), nullptr)});
    }
    evaluation.tasks.push_back(std::move(entry));
  }
  return evaluation;
}

// Doubles without loss.
json exact(const std::map<std::string, double>& values) {
  json out = json::object();
  for (const auto& [name, value] : values) out[name] = score_text(value);
  return out;
}

std::map<std::string, double> exact_values(const json& saved) {
  std::map<std::string, double> values;
  for (const auto& [name, text] : saved.items()) {
    values[name] = std::strtod(text.get<std::string>().c_str(), nullptr);
  }
  return values;
}

// What a run knows of its present epoch.
json within_epoch(const Run& run) {
  json out = {{"steps", run.epoch_step},
              {"losses", exact(run.epoch_losses)},
              {"seconds", run.epoch_seconds},
              {"waited", run.epoch_waited},
              {"last_losses", exact(run.last.losses)},
              {"last_coefficients", exact(run.last.coefficients)},
              {"learning_rate", score_text(run.last.learning_rate)}};
  if (run.validation_batches) out["validation_batches"] = run.validation_batches->taken();
  if (run.training_batches) out["training_batches"] = run.training_batches->taken();
  return out;
}

void restore_within_epoch(Run& run, const json& saved) {
  run.epoch_step = saved.at("steps");
  if (run.epoch_step < 0 || run.epoch_step > run.steps_per_epoch) {
    throw Error(ErrorKind::kData, "its epoch has " + std::to_string(run.epoch_step) +
                                      " finished steps of " + std::to_string(run.steps_per_epoch));
  }
  run.epoch_losses = exact_values(saved.at("losses"));
  run.epoch_seconds = saved.at("seconds");
  run.epoch_waited = saved.at("waited");
  run.last.losses = exact_values(saved.at("last_losses"));
  run.last.coefficients = exact_values(saved.at("last_coefficients"));
  run.last.learning_rate =
      std::strtod(saved.at("learning_rate").get<std::string>().c_str(), nullptr);
  const auto start = [&](ShuffledBatches* batches, const char* key) {
    if (batches != nullptr) batches->start(run.epoch, saved.at(key));
  };
  start(run.validation_batches.get(), "validation_batches");
  start(run.training_batches.get(), "training_batches");
}

// Finished ones: a step's checkpoint belongs to one that is not.
int64_t finished_epochs(const Run& run) {
  return run.epoch_step > 0 ? run.epoch : run.epoch + 1;
}

json state_of(const Run& run) {
  json state = {{"epoch", finished_epochs(run)},
                {"step", run.step},
                {"best_epoch", run.best_epoch},
                {"best_score", score_text(run.best_score)}};
  if (run.best_evaluation) state["best"] = values_of(*run.best_evaluation);
  if (!run.notes.empty()) state["notes"] = run.notes;
  if (run.epoch_step > 0) state["within_epoch"] = within_epoch(run);
  const auto add_schedule = [&](const char* name, const Schedule& schedule) {
    const auto own = schedule.state();
    if (!own.is_null()) state[name] = own;
  };
  add_schedule("schedule", run.learning_rate.schedule());
  if (run.momentum) add_schedule("momentum_schedule", run.momentum->schedule());
  state["hooks"] = run.hook_states ? run.hook_states() : json::object();
  return state;
}

void restore_best(Run& run, const json& state) {
  run.best_epoch = state.at("best_epoch");
  run.best_score = std::strtod(state.at("best_score").get<std::string>().c_str(), nullptr);
  if (state.contains("best")) run.best_evaluation = evaluation_of(state["best"]);
}

void restore_schedules(Run& run, const json& state) {
  if (state.contains("schedule")) run.learning_rate.schedule().load_state(state["schedule"]);
  if (run.momentum && state.contains("momentum_schedule")) {
    run.momentum->schedule().load_state(state["momentum_schedule"]);
  }
}

// The schedule goes by steps: with other data, as if all epochs had had as many as now, and an
// epoch that was not finished begins anew.
void restore_place(Run& run, const json& state, const ResumeCheck& check) {
  run.epoch = state.at("epoch");
  run.step = check.training_data_changed ? run.epoch * run.steps_per_epoch
                                         : state.at("step").get<int64_t>();
  run.epoch_step = 0;
  if (state.contains("within_epoch") && !check.training_data_changed) {
    restore_within_epoch(run, state["within_epoch"]);
  }
}

void restore(Run& run, std::vector<NamedHook>& hooks, const json& state, const ResumeCheck& check) {
  restore_place(run, state, check);
  restore_schedules(run, state);
  // Scores on other samples can't be compared.
  if (!check.validation_data_changed) restore_best(run, state);
  if (state.contains("notes")) {
    const auto before = state["notes"].get<std::vector<std::string>>();
    run.notes.insert(run.notes.begin(), before.begin(), before.end());
  }
  for (auto& hook : hooks) {
    const auto& saved = state.at("hooks");
    if (saved.contains(hook.name)) hook.hook->load_state(saved[hook.name]);
  }
  run.resumed = true;
}

}  // namespace

void save_weights(const Run& run, const std::filesystem::path& path) {
  write_safetensors(path,
                    {laid_over(named_tensors(*run.experiment.model), evaluated_weights_of(run)),
                     metadata(run, kWeightsFormat, run.epoch + 1)});
}

void save_training_state(const Run& run, const std::filesystem::path& path) {
  if (!torch::isfinite(run.parameters->values()).all().item<bool>()) {
    throw Error(ErrorKind::kRun, "the weights are no longer finite numbers; " + path.string() +
                                     " is kept as it was: lower the learning rate, or set "
                                     "train.clip_norm, and go on with --resume");
  }
  Safetensors file;
  for (const auto& [name, tensor] : named_tensors(*run.experiment.model)) {
    file.tensors.emplace_back(kModel + name, tensor);
  }
  for (const auto& [name, tensor] : evaluated_weights_of(run)) {
    file.tensors.emplace_back(kEvaluated + name, tensor);
  }
  add(file.tensors, kOptimizer, run.optimizer->state());
  add(file.tensors, kWeighting, run.weighting->state());
  file.metadata = metadata(run, kStateFormat, finished_epochs(run));
  if (run.epoch_step > 0) file.metadata["epoch_step"] = std::to_string(run.epoch_step);
  auto state = state_of(run);
  state["tensors"] = further_names(file.tensors);
  state["layout"] = layout_of(*run.parameters);
  file.metadata["state"] = state.dump();
  write_safetensors(path, file);
}

void save_checkpoints(const Run& run, bool last) {
  const auto best = run.work_dir / kBestFile, previous = run.work_dir / kPreviousBestFile;
  std::error_code failed;
  if (run.is_best()) {
    if (!path_exists(previous) && path_exists(best)) {
      std::filesystem::create_hard_link(best, previous, failed);
      if (failed) std::filesystem::copy_file(best, previous);
    }
    save_weights(run, best);
  }
  if (!last) return;
  save_training_state(run, run.work_dir / kLastFile);
  std::filesystem::remove(previous, failed);
}

void load_training_state(Run& run, std::vector<NamedHook>& hooks, const std::filesystem::path& path,
                         const Accepted& accepted) {
  const auto file = read_safetensors(path);
  const auto text = [&](const char* key) {
    const auto found = file.metadata.find(key);
    return found == file.metadata.end() ? std::string() : found->second;
  };
  if (text("format") != kStateFormat) {
    throw Error(ErrorKind::kData,
                path.string() + " holds no training state; resume from " + kLastFile);
  }
  try {
    const auto check = check_resume(run, file.metadata, path, accepted);
    check_objectives(run, names_of(file.tensors), path);
    const auto state = json::parse(text("state"));
    check_names(file.tensors, state);
    copy_tensors(part(file.tensors, kModel), named_tensors(*run.experiment.model), "model");
    run.optimizer->load_state(optimizer_state(run, file.tensors, state));
    run.weighting->load_state(part_by_name(file.tensors, kWeighting));
    for (auto& hook : hooks) hook.hook->load_evaluated_weights(part(file.tensors, kEvaluated));
    run.evaluated_weights = [&hooks] { return evaluated_weights(hooks); };
    restore(run, hooks, state, check);
  } catch (const Error& wrong) {
    throw std::string_view(wrong.what()).find(path.string()) == std::string_view::npos
        ? wrong.within(path.string())
        : wrong;
  } catch (const json::exception& wrong) {
    throw Error(ErrorKind::kData,
                path.string() + ": its training state is damaged: " + wrong.what());
  }
}

Safetensors read_weights(const std::filesystem::path& path) {
  auto file = read_safetensors(path);
  const auto found = file.metadata.find("format");
  const auto format = found == file.metadata.end() ? std::string() : found->second;
  if (format != kStateFormat && format != kWeightsFormat) {
    throw Error(ErrorKind::kData,
                path.string() +
                    " is no checkpoint of Tasuki; published weights of an encoder "
                    "belong into model.encoder.pretrained (docs/pretrained.md)");
  }
  if (format == kStateFormat) file.tensors = evaluated_part(file.tensors);
  return file;
}

void load_weights(MultiTaskModel& model, const std::filesystem::path& path) {
  const auto file = read_safetensors(path);
  const auto format = file.metadata.find("format");
  const bool state = format != file.metadata.end() && format->second == kStateFormat;
  auto tensors = state ? evaluated_part(file.tensors) : file.tensors;
  if (model.network() == Network::kInference) {
    std::erase_if(tensors, [](const auto& item) { return is_training_only_tensor(item.first); });
  }
  copy_tensors(tensors, named_tensors(model), path.string());
}

}  // namespace tasuki
