#include <torch/torch.h>

#include <cmath>

#include "plugins/weightings/loss/pbi.pb.h"
#include "tasuki/step/objective_values.h"
#include "tasuki/step/weighting.h"

namespace tasuki::weightings {
namespace {

class PBI : public LossWeighting {
 public:
  PBI(const options::PBI& options, const Context& context)
      : theta_(options.theta()),
        preferences_(objective_weights(options.weight(), "weight", 1, context)),
        references_(objective_values(options.reference(), "reference", 0, -INFINITY, context)) {}

  LossWeights weigh(const LossStep& step) override {
    preferences_ = preferences_.to(step.losses.device());
    references_ = references_.to(step.losses.device());
    const auto p = preferences_.index_select(0, step.index);
    const auto u = p / p.norm();
    const auto f = step.losses - references_.index_select(0, step.index);
    const auto beside = f - f.dot(u) * u;
    return {u + theta_ * beside / (beside.square().sum() + kSmoothing).sqrt(), {}};
  }

 private:
  static constexpr double kSmoothing = 1e-12;

  double theta_;
  torch::Tensor preferences_, references_;  // [N] float64, by the model's objectives
};

}  // namespace

TASUKI_REGISTER(Weighting, PBI, options::PBI, "tasuki/PBI");

}  // namespace tasuki::weightings
