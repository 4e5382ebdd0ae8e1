#include "plugins/losses/value_losses.pb.h"

#include <torch/torch.h>

#include <cmath>

#include "plugins/losses/values.h"
#include "tasuki/registry/registry.h"

namespace tasuki::losses {
namespace {

class L1Loss final : public Loss {
 public:
  L1Loss(const options::L1Loss&, const Context& context) : target_(context) {
    require_values(context, "L1Loss");
  }

  LossSum compute(const torch::Tensor& prediction, const torch::Tensor& target) const override {
    const auto error = (loss_precision(prediction) - target).abs();
    return sum_over(over_components(error), valid_pixels(target, target_));
  }

 private:
  TargetInfo target_;
};

class L2Loss final : public Loss {
 public:
  L2Loss(const options::L2Loss&, const Context& context) : target_(context) {
    require_values(context, "L2Loss");
  }

  LossSum compute(const torch::Tensor& prediction, const torch::Tensor& target) const override {
    const auto square = (loss_precision(prediction) - target).square();
    return sum_over(over_components(square), valid_pixels(target, target_));
  }

 private:
  TargetInfo target_;
};

class HuberLoss final : public Loss {
 public:
  HuberLoss(const options::HuberLoss& options, const Context& context)
      : target_(context), delta_(options.delta()) {
    require_values(context, "HuberLoss");
  }

  LossSum compute(const torch::Tensor& prediction, const torch::Tensor& target) const override {
    const auto error = (loss_precision(prediction) - target).abs();
    const auto huber =
        torch::where(error < delta_, error * error / 2, delta_ * (error - delta_ / 2));
    return sum_over(over_components(huber), valid_pixels(target, target_));
  }

 private:
  TargetInfo target_;
  double delta_;
};

}  // namespace
}  // namespace tasuki::losses

TASUKI_REGISTER(tasuki::Loss, tasuki::losses::L1Loss, tasuki::options::L1Loss, "tasuki/L1Loss");
TASUKI_REGISTER(tasuki::Loss, tasuki::losses::L2Loss, tasuki::options::L2Loss, "tasuki/L2Loss");
TASUKI_REGISTER(tasuki::Loss, tasuki::losses::HuberLoss, tasuki::options::HuberLoss,
                "tasuki/HuberLoss");
