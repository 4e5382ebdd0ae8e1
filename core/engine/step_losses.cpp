#include "core/engine/step_losses.h"

#include <torch/torch.h>

#include "core/engine/precision.h"

namespace tasuki {
namespace {

// The error of a label with its sample's place in front: a loss sees the batch as a whole.
Error error_of_sample(const Error& error, const ModelTask& task, const torch::Tensor& logits,
                      const Batch& batch) {
  const torch::NoGradGuard no_grad;
  const auto& labels = batch.tensor(task.field);
  for (int64_t i = 0; i < batch.size(); ++i) {
    try {
      task.task->loss(logits.narrow(0, i, 1), labels.narrow(0, i, 1));
    } catch (const Error& of_sample) {
      return of_sample.within(place_of(batch.samples[size_t(i)], task.field));
    }
  }
  return error;
}

torch::Tensor loss_of(const ModelTask& task, const torch::Tensor& logits, const Batch& batch) {
  try {
    return task.task->loss(logits, batch.tensor(task.field));
  } catch (const Error& error) {
    throw error_of_sample(error, task, logits, batch);
  }
}

}  // namespace

std::map<std::string, torch::Tensor> step_logits(const Experiment& experiment, const Batch& batch,
                                                 const std::vector<Objective>& objectives) {
  const Autocast autocast(experiment.precision, experiment.device);
  return experiment.model->forward(batch.tensor("image"), objectives);
}

std::vector<torch::Tensor> step_losses(const Experiment& experiment, const Batch& batch,
                                       const std::vector<Objective>& objectives,
                                       const std::map<std::string, torch::Tensor>& logits) {
  std::vector<torch::Tensor> losses;
  for (const auto& objective : objectives) {
    const auto& source = experiment.model->task(objective.source);
    const auto loss = loss_of(source, logits.at(objective.name), batch);
    losses.push_back(source.loss_scale == 1 ? loss : loss * source.loss_scale);
  }
  return losses;
}

std::vector<torch::Tensor> step_losses(const Experiment& experiment, const Batch& batch,
                                       const std::vector<Objective>& objectives) {
  return step_losses(experiment, batch, objectives, step_logits(experiment, batch, objectives));
}

std::vector<torch::Tensor> exact_losses(const Experiment& experiment, const Batch& batch,
                                        const std::vector<Objective>& objectives) {
  const ExactFloat32 exact(experiment.device);
  const auto logits = experiment.model->forward(batch.tensor("image"), objectives);
  return step_losses(experiment, batch, objectives, logits);
}

}  // namespace tasuki
