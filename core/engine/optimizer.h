#pragma once

#include <torch/types.h>

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tasuki/model/parameter_range.h"

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
  // The momentum of the options, which a schedule may multiply: SGD's, Adam's beta1. Nothing where
  // there is none.
  virtual std::optional<double> base_momentum() const { return {}; }
  // The momentum from the next step on, in [0, 1); up to the first call that of the options. No
  // part of state().
  virtual void set_momentum(double /*momentum*/) {}
  // What a virtual step of SGD takes over from it; no more than the groups for optimisers of
  // another kind.
  virtual MomentumState momentum() const { return {}; }
  // Buffers by name ("momentum_buffer", "exp_avg", ...), for checkpoints; bit-identical when
  // loaded.
  virtual std::map<std::string, torch::Tensor> state() const = 0;
  virtual void load_state(const std::map<std::string, torch::Tensor>& state) = 0;
};

// A figure of a run that schedules may go by.
struct Measured {
  std::string name;  // "task.metric", "loss.OBJECTIVE" (the epoch's mean), or "score"
  double value = 0;
  bool higher_is_better = false;
};

// Factor of the learning rate, or of the momentum, by step. One that is no function of the step
// alone goes by what it observes, and has a state.
class Schedule {
 public:
  static constexpr const char* kKind = "Schedule";
  struct Context {
    int64_t steps_per_epoch = 1;
    int64_t total_steps = 1;  // after warm-up steps have been taken off
    // Names of what observe() will get; empty where they are not known.
    std::vector<std::string> measured = {};
  };

  virtual ~Schedule() = default;
  // Factor of the base learning rate at step 0 <= step < total_steps.
  virtual double factor(int64_t step) const = 0;
  // After each evaluation of the run, `step` being the next one.
  virtual void observe(const std::vector<Measured>& /*measured*/, int64_t /*step*/) {}

  // For checkpoints: another schedule of the same options goes on from it to the last bit.
  virtual nlohmann::json state() const { return {}; }
  virtual void load_state(const nlohmann::json& /*state*/) {}
};

}  // namespace tasuki
