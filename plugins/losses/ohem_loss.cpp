#include <torch/torch.h>

#include <cmath>

#include "plugins/losses/class_weights.h"
#include "plugins/losses/segmentation_losses.pb.h"
#include "tasuki/registry/registry.h"

namespace tasuki::losses {
namespace {

class OHEMLoss final : public Loss {
 public:
  OHEMLoss(const options::OHEMLoss& options, const Context& context)
      : weights_(options.class_weight(), context), share_(options.min_share()) {
    const double threshold = options.threshold();
    require_classes(context, "OHEMLoss");
    easy_ = -std::log(threshold);
  }

  LossSum compute(const torch::Tensor& prediction, const torch::Tensor& target) const override {
    const auto logits = loss_precision(prediction);
    const auto kept = hard(pixel_cross_entropy(logits.detach(), target), target);
    const auto losses = pixel_cross_entropy(logits, target, weights_.like(logits));
    return {where_valid(losses, kept).sum(), weights_.count(target, kept, logits)};
  }

 private:
  // bool [N, H, W]: at or above what the last pixel of each image's least share loses, or the
  // threshold's pixel.
  torch::Tensor hard(const torch::Tensor& losses, const torch::Tensor& target) const {
    const auto valid = target.ge(0);
    if (losses.numel() == 0) return valid;
    const auto sorted = std::get<0>(losses.masked_fill(~valid, -1).flatten(1).sort(1, true));
    const auto least = valid.flatten(1).sum(1, true).mul(share_).to(torch::kLong).clamp_min(1);
    const auto last = sorted.gather(1, least - 1).clamp_max(easy_).clamp_min(0);
    return valid & losses.ge(last.unsqueeze(2));
  }

  ClassWeights weights_;
  double share_;
  double easy_;  // loss of a pixel whose class has the probability `threshold`
};

}  // namespace
}  // namespace tasuki::losses

TASUKI_REGISTER(tasuki::Loss, tasuki::losses::OHEMLoss, tasuki::options::OHEMLoss,
                "tasuki/OHEMLoss");
