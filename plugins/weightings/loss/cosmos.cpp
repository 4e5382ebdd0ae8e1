#include <torch/torch.h>

#include "plugins/weightings/loss/cosmos.pb.h"
#include "tasuki/step/objective_values.h"
#include "tasuki/step/weighting.h"

namespace tasuki::weightings {
namespace {

class COSMOS : public LossWeighting {
 public:
  COSMOS(const options::COSMOS& options, const Context& context)
      : lambda_(options.lambda()),
        preferences_(objective_weights(options.weight(), "weight", 1, context)) {}

  LossWeights weigh(const LossStep& step) override {
    preferences_ = preferences_.to(step.losses.device());
    const auto p = preferences_.index_select(0, step.index);
    const auto product = p.norm() * step.losses.norm();
    const auto cosine = p.dot(step.losses) / product;
    const auto slope = p / product - cosine * step.losses / step.losses.square().sum();
    return {p - lambda_ * torch::where(product == 0, torch::zeros_like(slope), slope), {}};
  }

 private:
  double lambda_;
  torch::Tensor preferences_;  // [N] float64, by the model's objectives
};

}  // namespace

TASUKI_REGISTER(Weighting, COSMOS, options::COSMOS, "tasuki/COSMOS");

}  // namespace tasuki::weightings
