#include <torch/optim/adam.h>
#include <torch/optim/adamw.h>

#include "core/engine/optimizer.h"
#include "core/registry/registry.h"
#include "plugins/optimizers/adam.pb.h"
#include "plugins/optimizers/state.h"

namespace tasuki::optimizers {
namespace {

// Fills what Adam's and AdamW's options have in common, from messages of the same fields.
template <class Torch, class Options>
Torch read_options(const Options& options, double default_weight_decay) {
  const double lr = options.has_lr() ? options.lr() : 1e-4;
  const double beta1 = options.has_beta1() ? options.beta1() : 0.9;
  const double beta2 = options.has_beta2() ? options.beta2() : 0.999;
  const double eps = options.has_eps() ? options.eps() : 1e-8;
  const double decay = options.has_weight_decay() ? options.weight_decay() : default_weight_decay;
  require_option(lr > 0, "lr", "must be above 0");
  require_option(beta1 >= 0 && beta1 < 1, "beta1", "must be in [0, 1)");
  require_option(beta2 >= 0 && beta2 < 1, "beta2", "must be in [0, 1)");
  require_option(eps > 0, "eps", "must be above 0");
  require_option(decay >= 0, "weight_decay", "must not be negative");
  return Torch(lr).betas(std::make_tuple(beta1, beta2)).eps(eps).weight_decay(decay);
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
      : AdamOn(read_options<torch::optim::AdamOptions>(options, 0), context) {}
};

class AdamW : public AdamOn<torch::optim::AdamW, torch::optim::AdamWParamState,
                            torch::optim::AdamWOptions> {
 public:
  AdamW(const options::AdamW& options, const Context& context)
      : AdamOn(read_options<torch::optim::AdamWOptions>(options, 1e-2), context) {}
};

}  // namespace

TASUKI_REGISTER(Optimizer, Adam, options::Adam, "tasuki/Adam");
TASUKI_REGISTER(Optimizer, AdamW, options::AdamW, "tasuki/AdamW");

}  // namespace tasuki::optimizers
