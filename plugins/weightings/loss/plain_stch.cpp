#include <torch/torch.h>

#include <cmath>

#include "plugins/weightings/loss/plain_stch.pb.h"
#include "tasuki/step/objective_values.h"
#include "tasuki/step/weighting.h"

namespace tasuki::weightings {
namespace {

class PlainSTCH : public LossWeighting {
 public:
  PlainSTCH(const options::PlainSTCH& options, const Context& context)
      : mu_(options.mu()),
        preferences_(objective_weights(options.weight(), "weight", kEven, context)),
        references_(objective_values(options.reference(), "reference", 0, -INFINITY, context)) {}

  LossWeights weigh(const LossStep& step) override {
    preferences_ = preferences_.to(step.losses.device());
    references_ = references_.to(step.losses.device());
    auto preferences = preferences_.index_select(0, step.index);
    const auto even = torch::full_like(preferences, 1 / double(preferences.size(0)));
    preferences = torch::where(preferences == kEven, even, preferences);
    const auto distance = step.losses - references_.index_select(0, step.index);
    return {preferences * torch::softmax(preferences * distance / mu_, 0), {}};
  }

 private:
  static constexpr double kEven = -1;  // of objectives without a preference: 1 / n

  double mu_;
  torch::Tensor preferences_, references_;  // [N] float64, by the model's objectives
};

}  // namespace

TASUKI_REGISTER(Weighting, PlainSTCH, options::PlainSTCH, "tasuki/PlainSTCH");

}  // namespace tasuki::weightings
