#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

#include "tasuki/engine/experiment.h"
#include "tasuki/model/model_output.h"
#include "tasuki/model/objective.h"

namespace tasuki {

// What the model makes of a batch that lies on its device for the objectives, at the resolutions of
// the decoders, in the experiment's precision and in the mode that the model is in.
ModelOutput step_outputs(const Experiment& experiment, const Batch& batch,
                         const std::vector<Objective>& objectives);

// The objectives' losses, in order: scalars, with what supervises them besides and loss_scale of
// the source task in them. Labels are taken as they are: whoever made the batch has checked them
// (Experiment::source does).
std::vector<torch::Tensor> step_losses(const Experiment& experiment, const Batch& batch,
                                       const std::vector<Objective>& objectives,
                                       const ModelOutput& outputs);

// Both at once.
std::vector<torch::Tensor> step_losses(const Experiment& experiment, const Batch& batch,
                                       const std::vector<Objective>& objectives);

// The same in exact fp32 (ExactFloat32), whatever the experiment's precision: for differences of
// losses. Walk their graph while an ExactFloat32 lives.
std::vector<torch::Tensor> exact_losses(const Experiment& experiment, const Batch& batch,
                                        const std::vector<Objective>& objectives);

}  // namespace tasuki
