#include "core/model/model.h"

#include <ATen/record_function.h>
#include <torch/nn/functional/upsampling.h>

#include <algorithm>

#include "core/model/pretrained.h"

namespace tasuki {
namespace {

std::string task_path(const TaskConfig& task) {
  return "model.task[" + task.name() + "]";
}

const TaskConfig& config_of(const ResolvedConfig& config, const std::string& task) {
  const auto& tasks = config.message().model().task();
  return *std::find_if(tasks.begin(), tasks.end(),
                       [&](const TaskConfig& entry) { return entry.name() == task; });
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Both ends of a transfer are tasks, different ones, and the target has a route.
void check_ends(const ResolvedConfig& config, const std::string& place, const Transfer& transfer,
                const SelfAuxiliary::Context& tasks) {
  for (const auto& name : {transfer.from, transfer.to}) {
    if (contains(tasks.sources, name)) continue;
    throw config.error(place, "there is no task \"" + name + "\"" +
                                  did_you_mean(name, tasks.sources) +
                                  "; the model has: " + join(tasks.sources));
  }
  if (transfer.from == transfer.to) {
    throw config.error(place, "a transfer from \"" + transfer.from +
                                  "\" to itself: a task trains its own route anyway");
  }
  if (!contains(tasks.targets, transfer.to)) {
    throw config.error(place, "task \"" + transfer.to +
                                  "\" has joint: false, so there is no route to train; it can "
                                  "be a source only");
  }
}

torch::Tensor enlarge(const torch::Tensor& logits, const std::vector<int64_t>& size,
                      bool align_corners) {
  namespace F = torch::nn::functional;
  const auto x = logits.to(torch::kFloat32);
  if (x.size(2) == size[0] && x.size(3) == size[1]) return x;
  return F::interpolate(
      x,
      F::InterpolateFuncOptions().size(size).mode(torch::kBilinear).align_corners(align_corners));
}

}  // namespace

MultiTaskModel::MultiTaskModel(const ResolvedConfig& config, const ClassNames& class_names,
                               Network network)
    : network_(network) {
  const auto& model = config.message().model();
  align_corners_ = model.align_corners();
  encoder_ = config.create<Encoder>("model.encoder", model.encoder());
  for (auto& task : build_tasks(config, class_names)) {
    (task.joint ? tasks_ : sources_).push_back(std::move(task));
  }
  if (tasks_.empty()) {
    throw config.error("model.task", "the model predicts nothing: every task has joint: false");
  }
  Architecture::Context context;
  context.encoder = encoder_.get();
  for (const auto& task : tasks_) context.routes.push_back(task.name);
  architecture_ = config.create<Architecture>("model.architecture", model.architecture(), context);
  register_module("encoder", architecture_);
  decoder_modules_ = register_module("decoder", std::make_shared<torch::nn::Module>());
  for (const auto& task : tasks_) {
    objectives_.push_back(Objective::primary(task.name));
    const auto& own = config_of(config, task.name);
    add_decoder(config, objectives_.back(), task_path(own) + ".decoder", own.decoder());
  }
  if (network == Network::kTraining) add_transfers(config);
}

std::string MultiTaskModel::load_pretrained(const ResolvedConfig& config) {
  try {
    return tasuki::load_pretrained(*encoder_, *architecture_);
  } catch (const Error& failure) {
    throw config.error("model.encoder.pretrained", failure.what());
  }
}

void MultiTaskModel::add_transfers(const ResolvedConfig& config) {
  SelfAuxiliary::Context context;
  for (const auto& task : config.message().model().task()) context.sources.push_back(task.name());
  for (const auto& task : tasks_) context.targets.push_back(task.name);
  const auto& policies = config.message().model().self_auxiliary();
  for (int i = 0; i < policies.size(); ++i) {
    const std::string path = "model.self_auxiliary[" + std::to_string(i) + "]";
    const auto policy = config.create<SelfAuxiliary>(path, policies[i], context);
    for (const auto& transfer : policy->transfers()) {
      const auto place = transfer.field.empty() ? path : path + "." + transfer.field;
      check_ends(config, place, transfer, context);
      add_transfer(config, place, transfer);
    }
  }
}

void MultiTaskModel::add_transfer(const ResolvedConfig& config, const std::string& place,
                                  const Transfer& transfer) {
  const auto objective = Objective::transfer(transfer.from, transfer.to, transfer.coefficient);
  if (!architecture_->one_way_transfer_possible()) {
    throw config.error(place, "the architecture mixes features between routes, so that " +
                                  objective.name + " would not be one way");
  }
  if (architecture_->own_parameters(objective.route).empty()) {
    throw config.error(place, objective.name + " has nothing to train: route \"" + objective.route +
                                  "\" has no parameters of its own (share fewer stages)");
  }
  if (decoders_.count(objective.name) > 0) {
    throw config.error(place, "the transfer " + objective.name + " is there already");
  }
  objectives_.push_back(objective);
  const auto& source = config_of(config, transfer.from);
  const bool own = !transfer.decoder.type_url().empty();
  add_decoder(config, objective, own ? place + ".decoder" : task_path(source) + ".decoder",
              own ? transfer.decoder : source.decoder());
}

void MultiTaskModel::add_decoder(const ResolvedConfig& config, const Objective& objective,
                                 const std::string& path, const google::protobuf::Any& decoder) {
  std::shared_ptr<Decoder> made = config.create<Decoder>(
      path, decoder, {encoder_->stages(), task(objective.source).task->channels()});
  decoders_[objective.name] = decoder_modules_->register_module(objective.name, made);
}

const ModelTask& MultiTaskModel::task(const std::string& name) const {
  std::vector<std::string> known;
  for (const auto* tasks : {&tasks_, &sources_}) {
    for (const auto& task : *tasks) {
      if (task.name == name) return task;
      known.push_back(task.name);
    }
  }
  throw Error(ErrorKind::kUsage, "the model has no task \"" + name + "\"" +
                                     did_you_mean(name, known) + "; it has: " + join(known));
}

void MultiTaskModel::keep_in_evaluation_mode(
    std::vector<std::shared_ptr<torch::nn::Module>> modules) {
  always_evaluating_ = std::move(modules);
  train(is_training());
}

void MultiTaskModel::train(bool on) {
  torch::nn::Module::train(on);
  for (const auto& module : always_evaluating_) module->eval();
}

std::vector<Objective> MultiTaskModel::primaries() const {
  return {objectives_.begin(), objectives_.begin() + static_cast<int64_t>(tasks_.size())};
}

std::map<std::string, Features> MultiTaskModel::encode(const torch::Tensor& image,
                                                       const std::vector<std::string>& routes) {
  RECORD_USER_SCOPE("encoder");
  architecture_->set_cut(trace_ != nullptr && trace_->cuts ? &trace_->cut : nullptr);
  return architecture_->forward(image, routes);
}

std::map<std::string, torch::Tensor> MultiTaskModel::forward(
    const torch::Tensor& image, const std::vector<Objective>& objectives,
    std::vector<int64_t> size) {
  std::vector<std::string> routes;
  for (const auto& objective : objectives) {
    if (std::find(routes.begin(), routes.end(), objective.route) == routes.end()) {
      routes.push_back(objective.route);
    }
  }
  if (size.empty()) size = {image.size(2), image.size(3)};
  const auto features = encode(image, routes);
  std::map<std::string, torch::Tensor> logits;
  for (const auto& objective : objectives) {
    RECORD_USER_SCOPE("decoder." + objective.name);
    auto& decoder = *decoders_.at(objective.name);
    decoder.keep_last_features(trace_ == nullptr ? nullptr
                                                 : &trace_->last_features[objective.name]);
    const auto decoded = decoder.forward(features.at(objective.route));
    logits[objective.name] = at_size(decoded, size);
  }
  return logits;
}

torch::Tensor MultiTaskModel::at_size(const torch::Tensor& logits,
                                      const std::vector<int64_t>& size) const {
  return enlarge(logits, size, align_corners_);
}

bool is_auxiliary_tensor(const std::string& name) {
  return name.starts_with("decoder.") && name.find("->") < name.find('.', sizeof("decoder.") - 1);
}

int64_t parameter_count(const torch::nn::Module& model) {
  int64_t count = 0;
  for (const auto& parameter : model.parameters()) count += parameter.numel();
  return count;
}

std::vector<std::pair<std::string, torch::Tensor>> named_tensors(const torch::nn::Module& model) {
  std::vector<std::pair<std::string, torch::Tensor>> tensors;
  for (const auto& item : model.named_parameters()) tensors.emplace_back(item.key(), item.value());
  for (const auto& item : model.named_buffers()) tensors.emplace_back(item.key(), item.value());
  return tensors;
}

}  // namespace tasuki
