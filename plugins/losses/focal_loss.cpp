#include <torch/torch.h>

#include <cmath>

#include "plugins/losses/class_weights.h"
#include "plugins/losses/segmentation_losses.pb.h"
#include "tasuki/registry/registry.h"

namespace tasuki::losses {
namespace {

// Below it 1 - p counts as constant: with gamma < 1 its power has no derivative at 0.
constexpr double kLeastDoubt = 1e-30;

class FocalLoss final : public Loss {
 public:
  FocalLoss(const options::FocalLoss& options, const Context& context)
      : weights_(options.class_weight(), context), gamma_(options.gamma()) {
    require_classes(context, "FocalLoss");
  }

  LossSum compute(const torch::Tensor& prediction, const torch::Tensor& target) const override {
    const auto logits = loss_precision(prediction);
    const auto losses = pixel_cross_entropy(logits, target);  // -ln p
    const auto doubt = -torch::expm1(-losses);                // 1 - p
    auto focal = doubt.clamp_min(kLeastDoubt).pow(gamma_) * losses;
    const auto valid = target.ge(0);
    if (const auto weights = weights_.like(logits); weights.defined()) {
      focal = focal * torch::embedding(weights.unsqueeze(1), target.clamp_min(0)).squeeze(-1);
    }
    return {where_valid(focal, valid).sum(), weights_.count(target, valid, logits)};
  }

 private:
  ClassWeights weights_;
  double gamma_;
};

}  // namespace
}  // namespace tasuki::losses

TASUKI_REGISTER(tasuki::Loss, tasuki::losses::FocalLoss, tasuki::options::FocalLoss,
                "tasuki/FocalLoss");
