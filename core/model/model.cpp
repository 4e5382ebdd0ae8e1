#include "tasuki/model/model.h"

#include <ATen/record_function.h>
#include <torch/nn/functional/upsampling.h>

#include <algorithm>

#include "tasuki/loader/batch.h"
#include "tasuki/model/loss.h"
#include "tasuki/model/pretrained.h"

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

// What the config's norm makes; a number of channels for which there can be none is one of the
// config's mistakes.
class LocatedNorm : public Norm {
 public:
  LocatedNorm(const ResolvedConfig& config, std::unique_ptr<Norm> norm)
      : config_(config), norm_(std::move(norm)) {}
  NormLayer make(int64_t channels) const override {
    try {
      return norm_->make(channels);
    } catch (const OptionError& wrong) {
      const auto& field = wrong.field();
      throw config_.error(field.empty() ? "model.norm" : "model.norm." + field, wrong.problem());
    }
  }
  bool uses_batch() const override { return norm_->uses_batch(); }

 private:
  ResolvedConfig config_;  // layers may be made as long as the encoder lives
  std::unique_ptr<Norm> norm_;
};

std::shared_ptr<const Norm> build_norm(const ResolvedConfig& config) {
  const auto& norm = config.message().model().norm();
  if (norm.type_url().empty()) return default_norm();
  return std::make_shared<LocatedNorm>(config, config.create<Norm>("model.norm", norm));
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
  const auto x = loss_precision(logits);
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
  norm_ = build_norm(config);
  encoder_ = config.create<Encoder>("model.encoder", model.encoder(), {norm_});
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
  const ServedTasks served(config, context.routes);
  add_decoders(config, served);
  if (network == Network::kTraining) add_transfers(config, served);
}

void MultiTaskModel::add_decoders(const ResolvedConfig& config, const ServedTasks& served) {
  for (const auto& task : tasks_) {
    objectives_.push_back(Objective::primary(task.name));
    if (!served.decoder_of(task.name).empty()) continue;
    const auto& own = config_of(config, task.name);
    add_decoder(config, objectives_.back(), task_path(own) + ".decoder", own.decoder());
  }
  for (const auto& decoder : served.decoders()) {
    if (!decoder.tasks.empty()) add_cross_task_decoder(config, decoder);
  }
}

void MultiTaskModel::add_cross_task_decoder(const ResolvedConfig& config,
                                            const ServedTasks::Served& served) {
  CrossTaskDecoder::Context context{encoder_->stages(), {}, norm_, network_ == Network::kTraining};
  std::vector<Objective> objectives;
  for (const auto& name : served.tasks) {
    context.tasks.push_back({name, task(name).task->channels()});
    objectives.push_back(Objective::primary(name));
  }
  const auto& described = config.message().model().decoder();
  const auto own = std::find_if(described.begin(), described.end(),
                                [&](const auto& entry) { return entry.name() == served.name; });
  std::shared_ptr<CrossTaskDecoder> made =
      config.create<CrossTaskDecoder>(served.path + ".kind", own->kind(), context);
  decoder_modules_->register_module(served.name, made);
  decoders_.emplace_back(served.name, made, std::move(objectives));
}

bool MultiTaskModel::names_cut() const {
  const auto mixes = [](const ModelDecoder& decoder) { return decoder.mixes(); };
  return architecture_->names_cut() && std::none_of(decoders_.begin(), decoders_.end(), mixes);
}

std::string MultiTaskModel::load_pretrained(const ResolvedConfig& config) {
  try {
    return tasuki::load_pretrained(*encoder_, *architecture_);
  } catch (const Error& failure) {
    throw config.error("model.encoder.pretrained", failure.what());
  }
}

void MultiTaskModel::add_transfers(const ResolvedConfig& config, const ServedTasks& served) {
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
      add_transfer(config, served, place, transfer);
    }
  }
}

void MultiTaskModel::check_one_way(const ResolvedConfig& config, const std::string& place,
                                   const Objective& objective) const {
  const auto& route = objective.route;
  if (!architecture_->one_way_transfer_possible(route)) {
    throw config.error(place, "the architecture mixes features of route \"" + route +
                                  "\" with those of others, so that " + objective.name +
                                  " would not be one way");
  }
  const auto& decoder = decoder_of(route);
  if (decoder.mixes()) {
    throw config.error(place, "decoder \"" + decoder.name() + "\" mixes features of route \"" +
                                  route + "\" with those of others, so that " + objective.name +
                                  " would not be one way");
  }
  if (architecture_->own_parameters(route).empty()) {
    throw config.error(place, objective.name + " has nothing to train: route \"" + route +
                                  "\" has no parameters of its own (share fewer stages)");
  }
}

void MultiTaskModel::add_transfer(const ResolvedConfig& config, const ServedTasks& served,
                                  const std::string& place, const Transfer& transfer) {
  const auto objective = Objective::transfer(transfer.from, transfer.to, transfer.coefficient);
  check_one_way(config, place, objective);
  const auto is_it = [&](const auto& entry) { return entry.name == objective.name; };
  if (std::any_of(objectives_.begin(), objectives_.end(), is_it)) {
    throw config.error(place, "the transfer " + objective.name + " is there already");
  }
  const auto& source = config_of(config, transfer.from);
  const bool own = !transfer.decoder.type_url().empty();
  const auto shared = served.decoder_of(transfer.from);
  if (!own && !shared.empty()) {
    throw config.error(place, objective.name + " needs a decoder of its own: that of task \"" +
                                  transfer.from + "\", \"" + shared +
                                  "\", is made for the features of several routes, and a transfer "
                                  "has one; say decoder { ... } here");
  }
  objectives_.push_back(objective);
  add_decoder(config, objective, own ? place + ".decoder" : task_path(source) + ".decoder",
              own ? transfer.decoder : source.decoder());
}

void MultiTaskModel::add_decoder(const ResolvedConfig& config, const Objective& objective,
                                 const std::string& path, const google::protobuf::Any& decoder) {
  std::shared_ptr<Decoder> made =
      config.create<Decoder>(path, decoder,
                             {encoder_->stages(), task(objective.source).task->channels(), norm_,
                              network_ == Network::kTraining});
  decoder_modules_->register_module(objective.name, made);
  decoders_.emplace_back(made, objective);
}

const ModelDecoder& MultiTaskModel::decoder_of(const std::string& objective) const {
  for (const auto& decoder : decoders_) {
    for (const auto& served : decoder.objectives()) {
      if (served.name == objective) return decoder;
    }
  }
  throw Error(ErrorKind::kUsage, "the model has no objective \"" + objective + "\"");
}

std::set<std::string> MultiTaskModel::mixed_with(const std::string& route) const {
  std::set<std::string> tasks;
  for (const auto& objective : decoder_of(route).objectives()) tasks.insert(objective.route);
  return tasks;
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

std::map<std::string, RouteFeatures> MultiTaskModel::encode(
    const torch::Tensor& image, const std::vector<std::string>& routes) {
  RECORD_USER_SCOPE("encoder");
  architecture_->set_cut(trace_ != nullptr && trace_->cuts ? &trace_->cut : nullptr);
  return architecture_->forward(image, routes);
}

ModelOutput MultiTaskModel::outputs(const torch::Tensor& image,
                                    const std::vector<Objective>& objectives) {
  std::vector<const ModelDecoder*> decoders;
  std::vector<std::string> routes;
  for (const auto& objective : objectives) {
    const auto& decoder = decoder_of(objective.name);
    if (std::find(decoders.begin(), decoders.end(), &decoder) != decoders.end()) continue;
    decoders.push_back(&decoder);
    for (const auto& served : decoder.objectives()) {
      if (!contains(routes, served.route)) routes.push_back(served.route);
    }
  }
  const auto features = encode(image, routes);
  ModelOutput output;
  output.extra_losses = architecture_->take_extra_losses();
  if (!is_training()) output.extra_losses.clear();
  for (const auto* decoder : decoders) {
    RECORD_USER_SCOPE("decoder." + decoder->name());
    auto decoded = decoder->run(features, trace_);
    for (const auto& objective : objectives) {
      const auto found = decoded.find(objective.name);
      if (found != decoded.end()) output.decoded[objective.name] = std::move(found->second);
    }
  }
  return output;
}

std::map<std::string, torch::Tensor> MultiTaskModel::forward(
    const torch::Tensor& image, const std::vector<Objective>& objectives,
    std::vector<int64_t> size) {
  if (size.empty()) size = {image.size(2), image.size(3)};
  const auto made = outputs(image, objectives);
  std::map<std::string, torch::Tensor> logits;
  for (const auto& objective : objectives) {
    RECORD_USER_SCOPE("decoder." + decoder_of(objective.name).name());
    logits[objective.name] = at_size(made.logits(objective.name), size);
  }
  return logits;
}

torch::Tensor MultiTaskModel::loss(const Objective& objective,
                                   const std::vector<DecoderOutput>& decoded,
                                   const Batch& batch) const {
  const auto& source = task(objective.source);
  const auto& label = batch.tensor(source.field);
  torch::Tensor total;
  for (const auto& output : decoded) {
    const bool enlarged = output.at == DecoderOutput::At::kLabels;
    const auto logits =
        enlarged ? at_size(output.logits, {label.size(-2), label.size(-1)}) : output.logits;
    const auto own = source.loss(output, logits, batch);
    const auto weighted = output.weight == 1 ? own : own * output.weight;
    total = total.defined() ? total + weighted : weighted;
  }
  return total;
}

torch::Tensor MultiTaskModel::at_size(const torch::Tensor& logits,
                                      const std::vector<int64_t>& size) const {
  return enlarge(logits, size, align_corners_);
}

bool is_auxiliary_tensor(const std::string& name) {
  return name.starts_with("decoder.") && name.find("->") < name.find('.', sizeof("decoder.") - 1);
}

// A task may have the name that a decoder's part has: what follows a decoder's name counts.
bool is_training_only_tensor(const std::string& name) {
  if (is_auxiliary_tensor(name)) return true;
  if (!name.starts_with("decoder.")) return false;
  static const std::string part = std::string(".") + DecoderModule::kTrainingOnly + ".";
  const auto end = name.find('.', sizeof("decoder.") - 1);
  return end != std::string::npos && name.find(part, end) != std::string::npos;
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
