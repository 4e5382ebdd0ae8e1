#pragma once

#include <torch/types.h>

#include <map>
#include <string>
#include <vector>

#include "core/model/parameter_range.h"

namespace tasuki {

// SGD with momentum, as the virtual step of a bi-level weighting needs it.
struct MomentumState {
  double momentum = 0;
  double weight_decay = 0;
  torch::Tensor buffer;  // [P]; undefined before the first step, and where there is none
  // Factors of its learning rate and weight decay by range; empty: none.
  std::vector<ParameterGroup> groups = {};
};

// Updates one flat parameter vector from its flat gradient: every parameter of the model is a view
// into it, so a step is a handful of operations whatever the model's size.
class Optimizer {
 public:
  static constexpr const char* kKind = "Optimizer";
  struct Context {
    torch::Tensor parameters;  // [P], requires grad; its .grad() is the flat gradient
    // Cover [0, P); empty: one of everything, without factors. Equal factors give the same bits
    // as one group.
    std::vector<ParameterGroup> groups = {};
  };

  virtual ~Optimizer() = default;

  // The learning rate of the options, which the schedule multiplies.
  virtual double base_learning_rate() const = 0;
  // One update, if `apply` says so: a bool scalar where the parameters are, whose value nobody on
  // the host waits for. Where it is false, parameters and state stay as they are, bit for bit,
  // whatever the gradient holds (NaN too).
  virtual void step(double learning_rate, const torch::Tensor& apply) = 0;
  // What a virtual step of SGD takes over from it; no more than the groups for optimisers of
  // another kind.
  virtual MomentumState momentum() const { return {}; }
  // Buffers by name ("momentum_buffer", "exp_avg", ...), for checkpoints; bit-identical when
  // loaded.
  virtual std::map<std::string, torch::Tensor> state() const = 0;
  virtual void load_state(const std::map<std::string, torch::Tensor>& state) = 0;
};

// Learning-rate factor by step.
class Schedule {
 public:
  static constexpr const char* kKind = "Schedule";
  struct Context {
    int64_t steps_per_epoch = 1;
    int64_t total_steps = 1;  // after warm-up steps have been taken off
  };

  virtual ~Schedule() = default;
  // Factor of the base learning rate at step 0 <= step < total_steps.
  virtual double factor(int64_t step) const = 0;
};

}  // namespace tasuki
