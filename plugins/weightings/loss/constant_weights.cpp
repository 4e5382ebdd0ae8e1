#include <torch/torch.h>

#include "plugins/weightings/loss/constant_weights.pb.h"
#include "tasuki/step/objective_values.h"
#include "tasuki/step/weighting.h"

namespace tasuki::weightings {
namespace {

class ConstantWeights : public LossWeighting {
 public:
  ConstantWeights(const options::ConstantWeights& options, const Context& context)
      : weights_(objective_weights(options.weight(), "weight", 1, context)) {}

  LossWeights weigh(const LossStep& step) override {
    weights_ = weights_.to(step.losses.device());
    return {weights_.index_select(0, step.index), {}};
  }

 private:
  torch::Tensor weights_;  // [N] float64, by the model's objectives
};

}  // namespace

TASUKI_REGISTER(Weighting, ConstantWeights, options::ConstantWeights, "tasuki/ConstantWeights");

}  // namespace tasuki::weightings
