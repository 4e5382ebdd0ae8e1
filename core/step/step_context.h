#pragma once

#include <torch/types.h>

#include <functional>
#include <vector>

#include "tasuki/engine/optimizer.h"
#include "tasuki/model/architecture.h"
#include "tasuki/model/feature_cut.h"
#include "tasuki/model/parameter_space.h"
#include "tasuki/model/route_normalizer.h"
#include "tasuki/step/collective.h"
#include "tasuki/step/draws.h"
#include "tasuki/step/look_ahead.h"

namespace tasuki {

// One step as a weighting sees it. It holds the objectives that run in this epoch: those whose
// coefficient is not 0. Nothing in it waits for the device: losses and factors are tensors there,
// and the host reads them once, when all of the step is given to do.
struct StepContext {
  std::vector<size_t> index;      // of each among Weighting::Context's objectives, ascending
  torch::Tensor index_on_device;  // the same, [n] int64; index_tensor() makes it where undefined
  std::vector<torch::Tensor> losses;  // scalars, one an objective; separate ends of one graph
  // What the model minimises besides; their gradient is in none of the losses, and is added to what
  // the weighting leaves (ExtraGradient): a weighting need not look at them.
  std::vector<ExtraLoss> extra_losses;
  torch::Tensor coefficients;  // [n] float64: what the policies ask for in this epoch
  RouteNormalizer normalize;
  int64_t epoch = 0;                        // from 0
  int64_t step = 0;                         // of the run, from 0
  int64_t epochs = 0, steps_per_epoch = 0;  // of the whole run
  double learning_rate = 0;
  MomentumState momentum;                // of the run's optimiser
  ParameterSpace* parameters = nullptr;  // of the model
  // Accumulates the gradients of a scalar into the flat gradient, which the step finds zero. The
  // graph can be walked again only while `keep_graph`.
  std::function<void(const torch::Tensor& loss, bool keep_graph)> backward;

  // What a weighting has to declare (WeightingNeeds), else nullptr. `trace`: the cut, through which
  // the losses' graph is then built, and the decoders' last features.
  ForwardTrace* trace = nullptr;
  // Of the splits that it has declared.
  FurtherBatches* further_batches = nullptr;

  LookAhead* look_ahead = nullptr;
  Collective* collective = &Collective::alone();
  Draws draws{0};  // of this step

  // Set by the weighting, at the latest by the end of Weighting::combine: [n] float64, what each
  // loss was multiplied with before gradients were combined, and with `decoders: WEIGHTED` all that
  // its decoder's gradient was.
  torch::Tensor applied;

  size_t size() const { return losses.size(); }
  // The factors of the losses for a weighting's own weights, [n]: multiplied with the policies'
  // coefficients, then normalised by route. float64; differentiable in `weights`.
  torch::Tensor factors(const torch::Tensor& weights) const {
    constexpr bool kNoWait = true;
    return normalize(coefficients * weights.to(coefficients.device(), torch::kFloat64, kNoWait));
  }
  // `index` as a tensor, [n] int64, to pick what is kept for all objectives; on `coefficients`'
  // device.
  torch::Tensor index_tensor() const;
  // The losses' values without their graph, [n] float64 on their device; the mean over processes.
  torch::Tensor loss_values() const;
  // The same of the extra losses, [k], without their coefficients.
  torch::Tensor extra_loss_values() const;
};

// Sum of factors[i] * losses[i] over the step's objectives, in the losses' type and on their
// device; differentiable in both.
torch::Tensor weighted_sum(const std::vector<torch::Tensor>& losses, const torch::Tensor& factors);
// The numbers of a [n] tensor; waits for its device.
std::vector<double> to_vector(const torch::Tensor& values);

}  // namespace tasuki
