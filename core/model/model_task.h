#pragma once

#include <torch/types.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tasuki/config/config.h"
#include "tasuki/model/decoder.h"
#include "tasuki/model/loss.h"
#include "tasuki/model/metric.h"
#include "tasuki/model/task.h"

namespace tasuki {

// One of a task's losses.
struct TaskLoss {
  std::string name;  // as it is registered
  std::unique_ptr<Loss> loss;
  double weight = 1;
};

// Accumulators of all of a task's metrics.
class TaskMetrics {
 public:
  void add(const std::string& name, std::unique_ptr<Metric> metric);

  // As those of Metric.
  void accumulate(const torch::Tensor& prediction, const torch::Tensor& label);
  void merge(const TaskMetrics& other);
  // The states of all its metrics, one behind the other, and such states merged.
  std::vector<double> state() const;
  void merge(const std::vector<double>& state);
  std::vector<MetricValue> values() const;
  // What the metrics say in their order; where two say different things under one name, the later
  // one's stand under its registered name.
  nlohmann::json details() const;

 private:
  std::vector<std::pair<std::string, std::unique_ptr<Metric>>> metrics_;
};

// A task of the model with what the config says of it.
struct ModelTask {
  std::string name;
  std::string field;  // of the sample, with its labels
  std::shared_ptr<const Task> task;
  std::vector<TaskLoss> losses;
  std::function<TaskMetrics()> make_metrics;  // fresh ones
  double loss_scale = 1;
  bool joint = true;  // the model predicts it; otherwise it is a source of self-auxiliaries only

  // The losses' sums and counts, in their order, on a batch that lies on the logits' device. Logits
  // [N, channels, H, W] of any floating type, at the size of the batch's labels.
  std::vector<LossSum> loss_sums(const torch::Tensor& logits, const Batch& batch) const;
  // What such sums, of one batch or added up over several, come to: the weighted sum of their
  // means. loss_scale is not in it.
  torch::Tensor total(const std::vector<LossSum>& sums) const;
  torch::Tensor loss(const torch::Tensor& logits, const Batch& batch) const {
    return total(loss_sums(logits, batch));
  }
  // What further logits of the task come to, by those of its losses that the output names. Error
  // (kPlugin) for a name that is none of them, and for a loss that looks at more than prediction
  // and target where the labels are not the batch's.
  torch::Tensor loss(const DecoderOutput& output, const torch::Tensor& logits,
                     const Batch& batch) const;
  // The first of its losses that does not split over batches; "" where all do.
  std::string batch_wide_loss() const;

 private:
  void check_losses(const DecoderOutput& output) const;
};

// Field of the sample that has a task's labels: the one that its config names, or else its name.
std::string label_field(const TaskConfig& task);

// Class names of a label field, from the data set; may answer with none.
using ClassNames = std::function<std::vector<std::string>(const std::string& field)>;

// The tasks of a config alone, without a network: for what looks at labels only. Errors are
// located.
std::vector<ModelTask> build_tasks(const ResolvedConfig& config, const ClassNames& class_names);

}  // namespace tasuki
