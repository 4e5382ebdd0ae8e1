#include <torch/torch.h>

#include <cmath>

#include "plugins/losses/class_weights.h"
#include "plugins/losses/segmentation_losses.pb.h"
#include "tasuki/registry/registry.h"

namespace tasuki::losses {
namespace {

class DiceLoss final : public Loss {
 public:
  DiceLoss(const options::DiceLoss& options, const Context& context)
      : smooth_(options.smooth()),
        squared_(options.exponent() == 2),
        by_image_(options.over() == options::DiceLoss::IMAGE) {
    require_classes(context, "DiceLoss");
  }

  LossSum compute(const torch::Tensor& prediction, const torch::Tensor& target) const override {
    const auto labels = target_groups(target, by_image_);
    const auto valid = labels.ge(0);
    const auto mask = valid.unsqueeze(1);
    const auto p = where_valid(logit_groups(loss_precision(prediction), by_image_).softmax(1),
                               mask);  // [G, C, P]
    const auto g = torch::zeros_like(p)
                       .scatter_(1, labels.clamp_min(0).unsqueeze(1), 1.0)
                       .masked_fill_(~mask, 0);
    const auto overlap = (p * g).sum(2);
    const auto both = (squared_ ? p.square() : p).sum(2) + g.sum(2);
    const auto dice = (2 * overlap + smooth_) / (both + smooth_);
    const auto counts = valid.any(1);
    return {where_valid(1 - dice.mean(1), counts).sum(), counts.sum()};
  }

  bool splits() const override { return by_image_; }

 private:
  double smooth_;
  bool squared_;
  bool by_image_;
};

}  // namespace
}  // namespace tasuki::losses

TASUKI_REGISTER(tasuki::Loss, tasuki::losses::DiceLoss, tasuki::options::DiceLoss,
                "tasuki/DiceLoss");
