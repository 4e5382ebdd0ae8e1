#pragma once

#include <torch/types.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tasuki/step/step_context.h"
#include "tasuki/step/weighting.h"

namespace tasuki::weightings {

// A linear layer from the decoders' last features to a number for each of the model's objectives.
// Its input is the means over batch and pixels of the primaries' features, one behind the other;
// how many channels they have shows in the first step.
class Router {
 public:
  Router(const Weighting::Context& context, std::string whose);

  // [N] float64: differentiable in the router's parameters and in the features. In the first step
  // it draws its parameters. Error (kUsage) where a decoder has named no last features.
  torch::Tensor operator()(StepContext& step);
  // The gradient that a backward pass left on its parameters: its mean over the processes, and one
  // update of the optimiser by it where it is finite.
  void reduce(StepContext& step) const { step.collective->mean(values_.grad()); }
  void update(StepContext& step);

  // "OBJECTIVE.router": its row, the additive number last; "router.channels", "router.optimizer.X".
  // Nothing before the first step.
  std::map<std::string, torch::Tensor> state() const;
  void load_state(const std::map<std::string, torch::Tensor>& state);

 private:
  void make(const std::vector<int64_t>& channels);
  torch::Tensor input(StepContext& step) const;  // [channels]
  int64_t inputs() const;

  std::string whose_;
  std::vector<std::string> owners_;     // all objectives
  std::vector<std::string> primaries_;  // whose features it reads
  MakeOptimizer make_optimizer_;
  torch::Device device_;           // of the model's parameters
  std::vector<int64_t> channels_;  // of each primary; empty before the first step
  torch::Tensor values_;           // [N * (inputs + 1)] float64, a leaf that requires grad
  std::unique_ptr<Optimizer> optimizer_;
};

}  // namespace tasuki::weightings
