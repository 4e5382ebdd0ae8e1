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

class SGD : public Optimizer {
 public:
  SGD(const options::SGD& options, const Context& context)
      : parameters_(context.parameters),
        options_(read_options(options)),
        optimizer_({parameters_}, options_) {}

  double base_learning_rate() const override { return options_.lr(); }

  void step(double learning_rate) override {
    optimizer_.param_groups()[0].options().set_lr(learning_rate);
    optimizer_.step();
  }

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
    put_state(optimizer_, parameters_, std::move(loaded));
  }

 private:
  torch::Tensor buffer() const {
    const auto* state = find_state<torch::optim::SGDParamState>(optimizer_, parameters_);
    return state == nullptr ? torch::Tensor() : state->momentum_buffer();
  }

  torch::Tensor parameters_;
  torch::optim::SGDOptions options_;
  torch::optim::SGD optimizer_;
};

}  // namespace

TASUKI_REGISTER(Optimizer, SGD, options::SGD, "tasuki/SGD");

}  // namespace tasuki::optimizers
