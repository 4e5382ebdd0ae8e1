#pragma once

#include <torch/types.h>

#include <vector>

#include "tasuki/model/parameter_space.h"

namespace tasuki {

// Losses beside the step's own, for weightings that try out other parameter values
// (KeptParameters). They are computed in exact fp32 whatever the run's precision, so that
// differences between them mean something: compare them with each other, not with
// StepContext::losses, and walk their graph while an ExactFloat32 (core/engine/precision.h) lives.
// BatchNorm's running statistics stay as they were unless `update_statistics`.
class LookAhead {
 public:
  virtual ~LookAhead() = default;
  // Of the step's objectives, in its order, on its batch, at the present parameter values and with
  // the random numbers of its own forward pass (dropout).
  virtual std::vector<torch::Tensor> training_losses(bool update_statistics) = 0;
  // The same without a graph and in the run's precision, with the statistics left as they were:
  // what may be compared with StepContext::losses. By itself training_losses().
  virtual std::vector<torch::Tensor> repeated_losses();
  // Of the primaries, in the model's order, on the next batch of the validation split.
  virtual std::vector<torch::Tensor> validation_losses(bool update_statistics) = 0;
};

// Further batches of a step, one graph at a time: drop the losses of one before asking for the
// next. Error (kPlugin) for a split that the weighting's needs() do not name.
class FurtherBatches {
 public:
  virtual ~FurtherBatches() = default;
  // Losses of the step's objectives, in its order, on another batch of the training split, through
  // the training pipeline and in the run's precision, with a graph. Which samples come depends on
  // the run's seed, the epoch and how many were asked for in it. BatchNorm's running statistics
  // stay as they were.
  virtual std::vector<torch::Tensor> next_training_losses() = 0;
  // The same of the primaries, in the model's order, on the next batch of the validation split, for
  // weightings that take gradients there: LookAhead's are in fp32.
  virtual std::vector<torch::Tensor> next_validation_losses() = 0;
};

// Parameter values that may be written over: the destructor puts back what was there, bit for bit,
// also when a look-ahead throws. They are written through data that autograd does not watch,
// because a graph built before may be walked again afterwards; its version check knows nothing of
// the way back.
//
// Example:
//   KeptParameters theta(parameters, memory);
//   theta.move(direction, 0.1);                            // theta + 0.1 direction
//   const auto losses = look_ahead.training_losses(false);
class KeptParameters {
 public:
  // `copy` holds the values meanwhile; it keeps its memory for the next time.
  KeptParameters(const ParameterSpace& parameters, torch::Tensor& copy);
  ~KeptParameters();
  KeptParameters(const KeptParameters&) = delete;
  KeptParameters& operator=(const KeptParameters&) = delete;

  // What was there at the beginning, [P], and what is there now.
  const torch::Tensor& start() const { return start_; }
  torch::Tensor& values() { return values_; }
  // values := start + length * direction
  void move(const torch::Tensor& direction, double length);
  // values := start
  void restore();

 private:
  torch::Tensor values_;
  const torch::Tensor& start_;
};

}  // namespace tasuki
