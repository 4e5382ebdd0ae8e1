#pragma once

#include <torch/types.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/model/objective.h"

namespace tasuki {

// What a weighting may ask the loop for, beyond the losses of the step.
struct WeightingNeeds {
  bool validation_batch = false;
};

// One step as a weighting sees it. Losses keep separate graphs' ends: each is its own scalar.
struct WeightingStep {
  const std::vector<Objective>* objectives = nullptr;  // in order
  std::vector<torch::Tensor> losses;                   // scalars, one an objective
  // Accumulates gradients of a scalar into the flat gradient buffer of the parameters.
  std::function<void(const torch::Tensor&)> backward;
};

// Losses of the objectives -> gradients in the flat buffer. Declares what it needs; the loop asks
// for no method by name.
class Weighting {
 public:
  static constexpr const char* kKind = "Weighting";
  struct Context {
    std::vector<Objective> objectives;
  };

  virtual ~Weighting() = default;

  virtual WeightingNeeds needs() const { return {}; }
  // Leaves the gradients of this step in the buffer and returns the coefficient of each objective.
  virtual std::vector<double> backward(WeightingStep& step) = 0;
  // State for checkpoints, by name.
  virtual std::map<std::string, torch::Tensor> state() const { return {}; }
  virtual void load_state(const std::map<std::string, torch::Tensor>& /*state*/) {}
};

}  // namespace tasuki
