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

class SGD : public FlatOptimizer<torch::optim::SGD, torch::optim::SGDParamState,
                                 torch::optim::SGDOptions> {
 public:
  SGD(const options::SGD& options, const Context& context) : SGD(read_options(options), context) {}

  MomentumState momentum() const override {
    auto state = FlatOptimizer::momentum();
    state.momentum = present_momentum();
    state.weight_decay = options_.weight_decay();
    const auto buffer = buffers().find(kMomentum);
    if (buffer != buffers().end()) state.buffer = buffer->second;
    return state;
  }

 protected:
  std::vector<Field> fields(torch::optim::SGDParamState& state) const override {
    return {{kMomentum, &state.momentum_buffer()}};
  }

 private:
  SGD(const torch::optim::SGDOptions& options, const Context& context)
      : FlatOptimizer(options, context), options_(options) {}

  torch::optim::SGDOptions options_;
};

}  // namespace

TASUKI_REGISTER(Optimizer, SGD, options::SGD, "tasuki/SGD");

}  // namespace tasuki::optimizers
