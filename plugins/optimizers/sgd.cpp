#include <torch/optim/sgd.h>

#include "core/engine/optimizer.h"
#include "core/registry/registry.h"
#include "plugins/optimizers/sgd.pb.h"
#include "plugins/optimizers/state.h"

namespace tasuki::optimizers {
namespace {

constexpr const char* kMomentum = "momentum_buffer";

torch::optim::SGDOptions read_options(const options::SGD& options) {
  const double lr = options.has_lr() ? options.lr() : 0.1;
  const double momentum = options.has_momentum() ? options.momentum() : 0.9;
  const double weight_decay = options.has_weight_decay() ? options.weight_decay() : 1e-4;
  require_option(lr > 0, "lr", "must be above 0");
  require_option(momentum >= 0 && momentum < 1, "momentum", "must be in [0, 1)");
  require_option(weight_decay >= 0, "weight_decay", "must not be negative");
  require_option(!options.nesterov() || momentum > 0, "nesterov", "needs a momentum above 0");
  return torch::optim::SGDOptions(lr)
      .momentum(momentum)
      .weight_decay(weight_decay)
      .nesterov(options.nesterov());
}

class SGD : public FlatOptimizer<torch::optim::SGD, torch::optim::SGDParamState> {
 public:
  SGD(const options::SGD& options, const Context& context) : SGD(read_options(options), context) {}

  MomentumState momentum() const override {
    return {options_.momentum(), options_.weight_decay(), buffer()};
  }

  std::map<std::string, torch::Tensor> state() const override {
    const auto momentum_buffer = buffer();
    if (!momentum_buffer.defined()) return {};
    return {{kMomentum, momentum_buffer}};
  }

  void load_state(const std::map<std::string, torch::Tensor>& state) override {
    if (state.count(kMomentum) == 0) return;
    auto loaded = std::make_unique<torch::optim::SGDParamState>();
    loaded->momentum_buffer(load_buffer(state, kMomentum, parameters_));
    replace(std::move(loaded));
  }

 protected:
  std::vector<torch::Tensor> buffers() const override {
    const auto momentum_buffer = buffer();
    if (!momentum_buffer.defined()) return {};
    return {momentum_buffer};
  }

 private:
  SGD(const torch::optim::SGDOptions& options, const Context& context)
      : FlatOptimizer(options, context), options_(options) {}

  torch::Tensor buffer() const {
    const auto* state = find();
    return state == nullptr ? torch::Tensor() : state->momentum_buffer();
  }

  torch::optim::SGDOptions options_;
};

}  // namespace

TASUKI_REGISTER(Optimizer, SGD, options::SGD, "tasuki/SGD");

}  // namespace tasuki::optimizers
