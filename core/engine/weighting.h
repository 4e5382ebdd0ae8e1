#pragma once

#include <torch/types.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/engine/optimizer.h"
#include "core/model/flat_parameters.h"
#include "core/model/objective.h"
#include "core/model/route_normalizer.h"

namespace tasuki {

// What a weighting may ask the loop for, beyond the losses of the step.
struct WeightingNeeds {
  // WeightingStep::look_ahead can be asked for validation losses.
  bool validation_batch = false;
};

// Losses beside the step's own, for weightings that try out other parameter values. They write into
// FlatParameters::values() and put back what was there, bit for bit. The losses are computed in
// exact fp32 whatever the run's precision, so that differences between them mean something: compare
// them with each other, not with WeightingStep::losses, and walk their graph while an ExactFloat32
// (core/engine/precision.h) lives. BatchNorm's running statistics stay as they were unless
// `update_statistics`.
class LookAhead {
 public:
  virtual ~LookAhead() = default;
  // Of the step's objectives, in its order, on its batch, at the present parameter values and with
  // the random numbers of its own forward pass (dropout).
  virtual std::vector<torch::Tensor> training_losses(bool update_statistics) = 0;
  // Of the primaries, in the model's order, on the next batch of the validation split.
  virtual std::vector<torch::Tensor> validation_losses(bool update_statistics) = 0;
};

// One step as a weighting sees it. It holds the objectives that run in this epoch: those whose
// coefficient is not 0.
struct WeightingStep {
  std::vector<size_t> index;          // of each among Weighting::Context's objectives, ascending
  std::vector<torch::Tensor> losses;  // scalars, one an objective; separate ends of one graph
  torch::Tensor coefficients;         // [n] float64: what the policies ask for in this epoch
  RouteNormalizer normalize;
  int64_t epoch = 0;
  int64_t step = 0;
  double learning_rate = 0;
  MomentumState momentum;  // of the run's optimiser
  // Accumulates the gradients of a scalar into the flat gradient buffer, which the step finds zero.
  // The graph can be walked again only while `keep_graph`.
  std::function<void(const torch::Tensor& loss, bool keep_graph)> backward;
  LookAhead* look_ahead = nullptr;

  size_t size() const { return losses.size(); }
  // The factors of the losses for a weighting's own weights, [n]: multiplied with the policies'
  // coefficients, then normalised by route. float64; differentiable in `weights`.
  torch::Tensor factors(const torch::Tensor& weights) const {
    return normalize(coefficients * weights.to(torch::kFloat64));
  }
};

// Losses of the objectives -> gradients in the flat buffer. Declares what it needs; the loop asks
// for no method by name.
class Weighting {
 public:
  static constexpr const char* kKind = "Weighting";

  struct Context {
    std::vector<Objective> objectives;     // all of the model, in its order, primaries first
    FlatParameters* parameters = nullptr;  // of the model; outlive the weighting
    // Parts of the flat vectors, ascending: what more than one route trains, and what is a route's
    // own. Decoders are in neither.
    std::vector<FlatParameters::Span> shared;
    std::map<std::string, std::vector<FlatParameters::Span>> own;
    Train::RouteNormalization route_normalization = Train::NONE;  // of WeightingStep::normalize
    // An optimiser of the run's kind and options for parameters of the weighting's own: a leaf that
    // requires grad, its gradient defined.
    std::function<std::unique_ptr<Optimizer>(const torch::Tensor& parameters)> make_optimizer;
  };

  virtual ~Weighting() = default;

  virtual WeightingNeeds needs() const { return {}; }
  // Leaves the gradients of this step in the buffer and returns the factor by which each loss of
  // the step was multiplied (for gradient methods: before they combined the gradients).
  virtual std::vector<double> backward(WeightingStep& step) = 0;
  // State for checkpoints, by name.
  virtual std::map<std::string, torch::Tensor> state() const { return {}; }
  virtual void load_state(const std::map<std::string, torch::Tensor>& /*state*/) {}
};

// Sum of factors[i] * losses[i] over the step's objectives, in the losses' type and on their
// device; differentiable in both.
torch::Tensor weighted_sum(const std::vector<torch::Tensor>& losses, const torch::Tensor& factors);
// The numbers of a [n] tensor.
std::vector<double> to_vector(const torch::Tensor& values);

}  // namespace tasuki
