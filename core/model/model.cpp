#include "core/model/model.h"

#include <torch/nn/functional/upsampling.h>

#include <set>

#include "core/model/pretrained.h"
#include "core/model/self_auxiliary.h"

namespace tasuki {
namespace {

std::string task_path(const TaskConfig& task) {
  return "model.task[" + task.name() + "]";
}

// A task's name is part of tensor names, where dots separate, and of the paths of prediction files.
void check_name(const ResolvedConfig& config, const TaskConfig& task) {
  if (task.name().empty()) throw config.error("model.task", "a task has no name");
  if (task.name().find_first_of("./\\") != std::string::npos) {
    throw config.error(task_path(task) + ".name",
                       "a task's name has no dot and no slash: tensors and files carry it");
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

MultiTaskModel::MultiTaskModel(const ResolvedConfig& config, const ClassNames& class_names) {
  const auto& model = config.message().model();
  if (model.task_size() == 0) {
    throw config.error("model.task", "the model has no task; add task { name: ... kind { ... } }");
  }
  align_corners_ = !model.has_align_corners() || model.align_corners();
  encoder_ = config.create<Encoder>("model.encoder", model.encoder());
  add_tasks(config, class_names);
  Architecture::Context context;
  context.encoder = encoder_.get();
  for (const auto& task : tasks_) context.routes.push_back(task.name);
  architecture_ = config.create<Architecture>("model.architecture", model.architecture(), context);
  register_module("encoder", architecture_);
  try {
    load_pretrained(*encoder_, *architecture_);
  } catch (const Error& failure) {
    throw config.error("model.encoder.pretrained", failure.what());
  }
  add_objectives(config);
  add_decoders(config);
}

void MultiTaskModel::add_tasks(const ResolvedConfig& config, const ClassNames& class_names) {
  for (const auto& task : config.message().model().task()) {
    check_name(config, task);
    ModelTask entry;
    entry.name = task.name();
    entry.field = task.has_field() ? task.field() : task.name();
    entry.loss_scale = task.has_loss_scale() ? task.loss_scale() : 1.0;
    entry.task = config.create<Task>(
        task_path(task) + ".kind", task.kind(),
        {entry.name, class_names(entry.field), config.message().protocol().averaging()});
    tasks_.push_back(std::move(entry));
  }
}

void MultiTaskModel::add_objectives(const ResolvedConfig& config) {
  std::vector<std::string> names;
  for (const auto& task : tasks_) {
    names.push_back(task.name);
    objectives_.push_back(Objective::primary(task.name));
  }
  std::set<std::string> taken(names.begin(), names.end());
  const auto& policies = config.message().model().self_auxiliary();
  for (int i = 0; i < policies.size(); ++i) {
    const std::string path = "model.self_auxiliary[" + std::to_string(i) + "]";
    const auto policy = config.create<SelfAuxiliary>(path, policies[i], {names});
    for (const auto& objective : policy->objectives()) {
      if (!architecture_->one_way_transfer_possible()) {
        throw config.error(path, "the architecture mixes features between routes, so that " +
                                     objective.name + " would not be one way");
      }
      if (architecture_->own_parameters(objective.route).empty()) {
        throw config.error(path, objective.name + " has nothing to train: route \"" +
                                     objective.route + "\" has no parameters of its own");
      }
      if (!taken.insert(objective.name).second) {
        throw config.error(path, "the transfer " + objective.name + " is there already");
      }
      objectives_.push_back(objective);
    }
  }
}

void MultiTaskModel::add_decoders(const ResolvedConfig& config) {
  auto decoders = register_module("decoder", std::make_shared<torch::nn::Module>());
  for (const auto& objective : objectives_) {
    const auto& tasks = config.message().model().task();
    const auto source = std::find_if(tasks.begin(), tasks.end(), [&](const TaskConfig& task) {
      return task.name() == objective.source;
    });
    std::shared_ptr<Decoder> decoder =
        config.create<Decoder>(task_path(*source) + ".decoder", source->decoder(),
                               {encoder_->stages(), task(objective.source).task->channels()});
    decoders_[objective.name] = decoders->register_module(objective.name, decoder);
  }
}

const ModelTask& MultiTaskModel::task(const std::string& name) const {
  std::vector<std::string> known;
  for (const auto& task : tasks_) {
    if (task.name == name) return task;
    known.push_back(task.name);
  }
  throw Error(ErrorKind::kUsage, "the model has no task \"" + name + "\"" +
                                     did_you_mean(name, known) + "; it has: " + join(known));
}

std::vector<Objective> MultiTaskModel::primaries() const {
  return {objectives_.begin(), objectives_.begin() + static_cast<int64_t>(tasks_.size())};
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
  const auto features = architecture_->forward(image, routes);
  std::map<std::string, torch::Tensor> logits;
  for (const auto& objective : objectives) {
    const auto decoded = decoders_.at(objective.name)->forward(features.at(objective.route));
    logits[objective.name] = enlarge(decoded, size, align_corners_);
  }
  return logits;
}

std::vector<std::pair<std::string, torch::Tensor>> named_tensors(const torch::nn::Module& model) {
  std::vector<std::pair<std::string, torch::Tensor>> tensors;
  for (const auto& item : model.named_parameters()) tensors.emplace_back(item.key(), item.value());
  for (const auto& item : model.named_buffers()) tensors.emplace_back(item.key(), item.value());
  return tensors;
}

}  // namespace tasuki
