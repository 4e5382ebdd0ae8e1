#pragma once

#include <torch/types.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tasuki/engine/optimizer.h"

namespace tasuki {

// Makes an optimiser of the run's kind and options; its context's parameters are a leaf that
// requires grad, its gradient defined.
using MakeOptimizer = std::function<std::unique_ptr<Optimizer>(const Optimizer::Context& context)>;

// Parameters of a weighting's own, a number for each of the model's objectives, as one vector in
// one optimiser. An objective that does not run in a step keeps its number and what the optimiser
// remembers of it (but for what it counts for all of them, Adam's steps).
class OwnParameters {
 public:
  // `owners`: the objectives' names. In a checkpoint the number of objective X is "X.NAME", its
  // part of the optimiser's state "X.optimizer.BUFFER". `decays`: whether the weight decay of the
  // optimiser's options is theirs too.
  OwnParameters(std::string name, std::vector<std::string> owners, double init,
                const MakeOptimizer& make_optimizer, torch::Device device = torch::kCPU,
                bool decays = true);

  // [N] float64 on the device, a leaf that requires grad.
  const torch::Tensor& values() const { return values_; }
  // One update, if `apply` says so (Optimizer::step), of the elements at `index`, [n] int64, by the
  // gradient that backward passes left on values(); that is zero afterwards.
  void step(double learning_rate, const torch::Tensor& apply, const torch::Tensor& index);

  std::map<std::string, torch::Tensor> state() const;
  // Error (kData) for the state of other objectives; `whose` names the weighting in it.
  void load_state(const std::map<std::string, torch::Tensor>& state, const std::string& whose);

 private:
  std::string value_name(const std::string& owner) const { return owner + "." + name_; }

  std::string name_;
  std::vector<std::string> owners_;
  torch::Tensor values_;
  std::unique_ptr<Optimizer> optimizer_;
};

}  // namespace tasuki
