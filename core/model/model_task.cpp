#include "tasuki/model/model_task.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "tasuki/data/field_kind.h"
#include "tasuki/loader/batch.h"

namespace tasuki {
namespace {

using google::protobuf::Any;

// A task's name is part of tensor names, where dots separate, and of the paths of prediction files.
void check_name(const ResolvedConfig& config, const std::string& path, const std::string& name) {
  if (name.empty()) throw config.error("model.task", "a task has no name");
  if (name.find_first_of("./\\") != std::string::npos) {
    throw config.error(path + ".name",
                       "a task's name has no dot and no slash: tensors and files carry it");
  }
  if (name.find("->") != std::string::npos) {
    throw config.error(path + ".name", "a task's name has no \"->\": that names self-auxiliaries");
  }
}

TargetInfo target_info(const ModelTask& task, std::vector<std::string> class_names) {
  const auto& kind = field_kind(task.task->field_kind());
  return {task.name,
          task.task->field_kind(),
          task.task->channels(),
          kind.tensor_type() == FieldKind::TensorType::kIndex,
          kind.invalid_value(),
          std::move(class_names)};
}

// Of the config, or else the task's own, whose mistakes are located at its kind.
void add_losses(const ResolvedConfig& config, const std::string& path, const TaskConfig& described,
                const TargetInfo& target, ModelTask& task) {
  std::vector<LossConfig> losses(described.loss().begin(), described.loss().end());
  const bool own = !losses.empty();
  if (!own) losses = task.task->losses();
  for (size_t i = 0; i < losses.size(); ++i) {
    const auto place = own ? path + ".loss[" + std::to_string(i) + "]" : path + ".kind";
    const double weight = losses[i].has_weight() ? losses[i].weight() : 1;
    if (!(weight > 0 && std::isfinite(weight))) {
      throw config.error(place + ".weight", "a factor above 0 is expected");
    }
    task.losses.push_back(
        {losses[i].kind().type_url(),
         config.create<Loss>(own ? place + ".kind" : place, losses[i].kind(), target), weight});
  }
}

// Values of one task have names of their own.
void check_value_names(const ResolvedConfig& config, const std::string& path,
                       const ModelTask& task) {
  std::set<std::string> names;
  for (const auto& value : task.make_metrics().values()) {
    if (names.insert(value.info.name).second) continue;
    throw config.error(path + ".metric", "two metrics of task " + task.name + " measure \"" +
                                             value.info.name + "\": leave one of them out");
  }
}

void add_metrics(const ResolvedConfig& config, const std::string& path, const TaskConfig& described,
                 const TargetInfo& target, ModelTask& task) {
  const Metric::Context context{target, config.message().protocol().averaging()};
  std::vector<Any> metrics(described.metric().begin(), described.metric().end());
  const bool own = !metrics.empty();
  if (!own) metrics = task.task->metrics();
  for (size_t i = 0; i < metrics.size(); ++i) {
    const auto place = own ? path + ".metric[" + std::to_string(i) + "]" : path + ".kind";
    config.create<Metric>(place, metrics[i], context);
  }
  task.make_metrics = [metrics, context] {
    TaskMetrics made;
    for (const auto& metric : metrics) {
      made.add(metric.type_url(), Registry::instance().create<Metric>(metric, context));
    }
    return made;
  };
  check_value_names(config, path, task);
}

ModelTask build_task(const ResolvedConfig& config, const TaskConfig& described,
                     const ClassNames& class_names) {
  const std::string path = "model.task[" + described.name() + "]";
  check_name(config, path, described.name());
  ModelTask task;
  task.name = described.name();
  task.field = label_field(described);
  task.loss_scale = described.loss_scale();
  task.joint = described.joint();
  const auto names = class_names(task.field);
  task.task = config.create<Task>(path + ".kind", described.kind(),
                                  {task.name, names, !described.loss().empty()});
  const auto target = target_info(task, names);
  add_losses(config, path, described, target, task);
  add_metrics(config, path, described, target, task);
  return task;
}

bool is_asked_for(const DecoderOutput& output, const std::string& loss) {
  return output.losses.empty() ||
         std::find(output.losses.begin(), output.losses.end(), loss) != output.losses.end();
}

// The label under the middle of each of h x w pixels that cover the same image.
torch::Tensor label_at(const torch::Tensor& label, int64_t h, int64_t w) {
  const auto middles = [&](int64_t pixels, int64_t labels) {
    const auto x = torch::arange(pixels, label.options().dtype(torch::kFloat64));
    return ((x + 0.5) * (double(labels) / double(pixels))).floor().to(torch::kInt64);
  };
  return label.index_select(-2, middles(h, label.size(-2)))
      .index_select(-1, middles(w, label.size(-1)));
}

// What a program that hands over the wrong tensors did wrong.
void check_shapes(const torch::Tensor& logits, const torch::Tensor& label, const ModelTask& task) {
  const int64_t channels = task.task->channels();
  TORCH_CHECK(logits.dim() == 4 && logits.size(1) == channels && logits.is_floating_point(),
              "task ", task.name, ": logits must be floating [N, ", channels, ", H, W], not ",
              logits.sizes());
  const bool fits = label.dim() >= 3 && label.size(0) == logits.size(0) &&
                    label.size(-2) == logits.size(2) && label.size(-1) == logits.size(3) &&
                    (label.dim() == 4 ? label.is_floating_point()
                                      : label.dim() == 3 && label.scalar_type() == torch::kLong);
  TORCH_CHECK(fits, "task ", task.name, ": labels ", label.sizes(), " of type ",
              label.scalar_type(), " don't belong to logits ", logits.sizes());
}

}  // namespace

void TaskMetrics::add(const std::string& name, std::unique_ptr<Metric> metric) {
  metrics_.emplace_back(name, std::move(metric));
}

void TaskMetrics::accumulate(const torch::Tensor& prediction, const torch::Tensor& label) {
  for (auto& [name, metric] : metrics_) metric->accumulate(prediction, label);
}

void TaskMetrics::merge(const TaskMetrics& other) {
  TORCH_CHECK(metrics_.size() == other.metrics_.size(), "metrics of another task");
  for (size_t i = 0; i < metrics_.size(); ++i) {
    metrics_[i].second->merge(*other.metrics_[i].second);
  }
}

std::vector<double> TaskMetrics::state() const {
  std::vector<double> all;
  for (const auto& [name, metric] : metrics_) {
    const auto own = metric->state();
    all.insert(all.end(), own.begin(), own.end());
  }
  return all;
}

void TaskMetrics::merge(const std::vector<double>& state) {
  auto place = state.begin();
  for (auto& [name, metric] : metrics_) {
    const auto length = std::ptrdiff_t(metric->state().size());
    TORCH_CHECK(state.end() - place >= length, "metrics of another task");
    metric->merge(std::vector<double>(place, place + length));
    place += length;
  }
  TORCH_CHECK(place == state.end(), "metrics of another task");
}

std::vector<MetricValue> TaskMetrics::values() const {
  std::vector<MetricValue> all;
  for (const auto& [name, metric] : metrics_) {
    for (auto& value : metric->values()) all.push_back(std::move(value));
  }
  return all;
}

nlohmann::json TaskMetrics::details() const {
  auto all = nlohmann::json::object();
  for (const auto& [name, metric] : metrics_) {
    auto own = nlohmann::json::object();
    metric->details(own);
    for (const auto& [key, value] : own.items()) {
      if (!all.contains(key)) {
        all[key] = value;
      } else if (all[key] != value) {
        all[name][key] = value;
      }
    }
  }
  return all;
}

std::vector<LossSum> ModelTask::loss_sums(const torch::Tensor& logits, const Batch& batch) const {
  const auto& label = batch.tensor(field);
  check_shapes(logits, label, *this);
  const auto prediction = task->activate(loss_precision(logits));
  const auto target = task->target(label);
  std::vector<LossSum> sums;
  for (const auto& one : losses) sums.push_back(one.loss->compute_in(batch, prediction, target));
  return sums;
}

void ModelTask::check_losses(const DecoderOutput& output) const {
  std::vector<std::string> known;
  for (const auto& one : losses) known.push_back(one.name);
  for (const auto& name : output.losses) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    throw Error(ErrorKind::kPlugin, "a decoder trains " + output.objective + " by \"" + name +
                                        "\"" + did_you_mean(name, known) + "; task " + this->name +
                                        " has the losses: " + join(known));
  }
  if (output.at == DecoderOutput::At::kLabels) return;
  for (const auto& one : losses) {
    if (!is_asked_for(output, one.name)) continue;
    if (dynamic_cast<const StepLoss*>(one.loss.get()) == nullptr) continue;
    throw Error(ErrorKind::kPlugin, "a decoder trains " + output.objective +
                                        " at its logits' size, and loss " + one.name + " of task " +
                                        this->name +
                                        " looks at the batch, which has the labels' size");
  }
}

torch::Tensor ModelTask::loss(const DecoderOutput& output, const torch::Tensor& logits,
                              const Batch& batch) const {
  if (output.losses.empty() && output.at == DecoderOutput::At::kLabels) return loss(logits, batch);
  check_losses(output);
  auto label = batch.tensor(field);
  if (output.at == DecoderOutput::At::kLogits) {
    label = label_at(label, logits.size(2), logits.size(3));
  }
  check_shapes(logits, label, *this);
  const auto prediction = task->activate(loss_precision(logits));
  const auto target = task->target(label);
  torch::Tensor total;
  for (const auto& one : losses) {
    if (!is_asked_for(output, one.name)) continue;
    const auto mean = one.loss->compute_in(batch, prediction, target).mean() * one.weight;
    total = total.defined() ? total + mean : mean;
  }
  return total;
}

torch::Tensor ModelTask::total(const std::vector<LossSum>& sums) const {
  TORCH_CHECK(sums.size() == losses.size() && !sums.empty(), "task ", name, ": ", sums.size(),
              " sums of ", losses.size(), " losses");
  torch::Tensor total;
  for (size_t i = 0; i < sums.size(); ++i) {
    const auto mean = sums[i].mean();
    const auto weighted = losses[i].weight == 1 ? mean : mean * losses[i].weight;
    total = total.defined() ? total + weighted : weighted;
  }
  return total;
}

std::string ModelTask::batch_wide_loss() const {
  for (const auto& one : losses) {
    if (!one.loss->splits()) return one.name;
  }
  return "";
}

std::string label_field(const TaskConfig& task) {
  return task.has_field() ? task.field() : task.name();
}

std::vector<ModelTask> build_tasks(const ResolvedConfig& config, const ClassNames& class_names) {
  const auto& described = config.message().model().task();
  if (described.empty()) {
    throw config.error("model.task", "the model has no task; add task { name: ... kind { ... } }");
  }
  std::vector<ModelTask> tasks;
  for (const auto& task : described) tasks.push_back(build_task(config, task, class_names));
  return tasks;
}

}  // namespace tasuki
