#include "tasuki/engine/step_losses.h"

#include <torch/torch.h>

#include "tasuki/engine/precision.h"
#include "tasuki/step/shared_losses.h"

namespace tasuki {
namespace {

// Whose parts the batch has, and whether this process' counts.
SharedLosses sharing_of(const Batch& batch) {
  const auto* shared = SharedLosses::current();
  return SharedLosses(shared != nullptr ? shared->processes() : Collective::alone(), batch.counts);
}

}  // namespace

ModelOutput step_outputs(const Experiment& experiment, const Batch& batch,
                         const std::vector<Objective>& objectives) {
  const auto sharing = sharing_of(batch);
  const Autocast autocast(experiment.precision, experiment.device);
  return experiment.model->outputs(batch.tensor("image"), objectives);
}

std::vector<torch::Tensor> step_losses(const Experiment& experiment, const Batch& batch,
                                       const std::vector<Objective>& objectives,
                                       const ModelOutput& outputs) {
  const auto sharing = sharing_of(batch);
  std::vector<torch::Tensor> losses;
  for (const auto& objective : objectives) {
    const auto& source = experiment.model->task(objective.source);
    const auto loss = experiment.model->loss(objective, outputs.decoded.at(objective.name), batch);
    losses.push_back(source.loss_scale == 1 ? loss : loss * source.loss_scale);
  }
  return losses;
}

std::vector<torch::Tensor> step_losses(const Experiment& experiment, const Batch& batch,
                                       const std::vector<Objective>& objectives) {
  return step_losses(experiment, batch, objectives, step_outputs(experiment, batch, objectives));
}

std::vector<torch::Tensor> exact_losses(const Experiment& experiment, const Batch& batch,
                                        const std::vector<Objective>& objectives) {
  const ExactFloat32 exact(experiment.device);
  const auto sharing = sharing_of(batch);
  const auto outputs = experiment.model->outputs(batch.tensor("image"), objectives);
  return step_losses(experiment, batch, objectives, outputs);
}

}  // namespace tasuki
