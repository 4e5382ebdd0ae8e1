#include <torch/torch.h>

#include <limits>

#include "plugins/losses/value_losses.pb.h"
#include "plugins/losses/values.h"
#include "tasuki/registry/registry.h"

namespace tasuki::losses {
namespace {

// The sine that stands for smaller ones: the angle has no derivative at 0.
constexpr double kLeastSine = 1e-6;

class CosineLoss final : public Loss {
 public:
  CosineLoss(const options::CosineLoss&, const Context& context) : target_(context) {
    require_vectors(context, "CosineLoss", 2, std::numeric_limits<int64_t>::max());
  }

  LossSum compute(const torch::Tensor& prediction, const torch::Tensor& target) const override {
    const auto cosine = over_components(loss_precision(prediction) * target);
    return sum_over(1 - cosine, valid_pixels(target, target_));
  }

 private:
  TargetInfo target_;
};

class AngularLoss final : public Loss {
 public:
  AngularLoss(const options::AngularLoss&, const Context& context) : target_(context) {
    require_vectors(context, "AngularLoss", 3, 3);
  }

  LossSum compute(const torch::Tensor& prediction, const torch::Tensor& target) const override {
    const auto p = loss_precision(prediction);
    const auto y = target.to(p.scalar_type());  // linalg_cross promotes no types
    const auto square = over_components(torch::linalg_cross(p, y, 1).square());
    const auto sine = square.clamp_min(kLeastSine * kLeastSine).sqrt();
    return sum_over(torch::atan2(sine, over_components(p * y)), valid_pixels(target, target_));
  }

 private:
  TargetInfo target_;
};

}  // namespace
}  // namespace tasuki::losses

TASUKI_REGISTER(tasuki::Loss, tasuki::losses::CosineLoss, tasuki::options::CosineLoss,
                "tasuki/CosineLoss");
TASUKI_REGISTER(tasuki::Loss, tasuki::losses::AngularLoss, tasuki::options::AngularLoss,
                "tasuki/AngularLoss");
