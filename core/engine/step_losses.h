#pragma once

#include <torch/types.h>

#include <map>
#include <string>
#include <vector>

#include "core/engine/experiment.h"
#include "core/model/objective.h"

namespace tasuki {

// Logits of the objectives on a batch that lies on the model's device, at the images' size, in the
// experiment's precision and in the mode that the model is in.
std::map<std::string, torch::Tensor> step_logits(const Experiment& experiment, const Batch& batch,
                                                 const std::vector<Objective>& objectives);

// Their losses, in order: scalars, loss_scale of the source task multiplied in. Labels are taken as
// they are: whoever made the batch has checked them (Experiment::source does).
std::vector<torch::Tensor> step_losses(const Experiment& experiment, const Batch& batch,
                                       const std::vector<Objective>& objectives,
                                       const std::map<std::string, torch::Tensor>& logits);

// Both at once.
std::vector<torch::Tensor> step_losses(const Experiment& experiment, const Batch& batch,
                                       const std::vector<Objective>& objectives);

// The same in exact fp32 (ExactFloat32), whatever the experiment's precision: for differences of
// losses. Walk their graph while an ExactFloat32 lives.
std::vector<torch::Tensor> exact_losses(const Experiment& experiment, const Batch& batch,
                                        const std::vector<Objective>& objectives);

}  // namespace tasuki
