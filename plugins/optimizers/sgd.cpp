#include <torch/optim/sgd.h>

#include "plugins/optimizers/sgd.pb.h"
#include "plugins/optimizers/state.h"
#include "tasuki/engine/optimizer.h"
#include "tasuki/registry/registry.h"

namespace tasuki::optimizers {
namespace {

constexpr const char* kMomentum = "momentum_buffer";

torch::optim::SGDOptions read_options(const options::SGD& options) {
  require_option(!options.nesterov() || options.momentum() > 0, "nesterov",
                 "needs a momentum above 0");
  return torch::optim::SGDOptions(options.lr())
      .momentum(options.momentum())
      .weight_decay(options.weight_decay())
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
