#include <torch/optim/adam.h>
#include <torch/optim/adamw.h>

#include "plugins/optimizers/adam.pb.h"
#include "plugins/optimizers/state.h"
#include "tasuki/engine/optimizer.h"
#include "tasuki/registry/registry.h"

namespace tasuki::optimizers {
namespace {

// Fills what Adam's and AdamW's options have in common, from messages of the same fields.
template <class Torch, class Options>
Torch read_options(const Options& options) {
  return Torch(options.lr())
      .betas(std::make_tuple(options.beta1(), options.beta2()))
      .eps(options.eps())
      .weight_decay(options.weight_decay());
}

// Either of LibTorch's two.
template <class TorchOptimizer, class TorchState, class TorchOptions>
class AdamOn : public FlatOptimizer<TorchOptimizer, TorchState, TorchOptions> {
  using Flat = FlatOptimizer<TorchOptimizer, TorchState, TorchOptions>;

 public:
  using Flat::Flat;

 protected:
  std::vector<typename Flat::Field> fields(TorchState& state) const override {
    return {{"exp_avg", &state.exp_avg()}, {"exp_avg_sq", &state.exp_avg_sq()}};
  }
};

class Adam
    : public AdamOn<torch::optim::Adam, torch::optim::AdamParamState, torch::optim::AdamOptions> {
 public:
  Adam(const options::Adam& options, const Context& context)
      : AdamOn(read_options<torch::optim::AdamOptions>(options), context) {}
};

class AdamW : public AdamOn<torch::optim::AdamW, torch::optim::AdamWParamState,
                            torch::optim::AdamWOptions> {
 public:
  AdamW(const options::AdamW& options, const Context& context)
      : AdamOn(read_options<torch::optim::AdamWOptions>(options), context) {}
};

}  // namespace

TASUKI_REGISTER(Optimizer, Adam, options::Adam, "tasuki/Adam");
TASUKI_REGISTER(Optimizer, AdamW, options::AdamW, "tasuki/AdamW");

}  // namespace tasuki::optimizers
