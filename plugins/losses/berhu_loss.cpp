#include <torch/torch.h>

#include "plugins/losses/value_losses.pb.h"
#include "plugins/losses/values.h"
#include "tasuki/registry/registry.h"

namespace tasuki::losses {
namespace {

constexpr double kLeastThreshold = 1e-6;  // where prediction and label are the same

class BerHuLoss final : public Loss {
 public:
  BerHuLoss(const options::BerHuLoss& options, const Context& context)
      : target_(context),
        parts_(1 / options.share()),
        by_image_(options.over() == options::BerHuLoss::IMAGE) {
    require_one_number(context, "BerHuLoss");
    require_option(parts_ <= 1e9, "share", "must be at least 1e-9");
  }

  LossSum compute(const torch::Tensor& prediction, const torch::Tensor& target) const override {
    const auto error = (loss_precision(prediction) - target).abs();
    const auto valid = valid_pixels(target, target_);
    if (error.numel() == 0) return sum_over(error, valid);
    const auto counted = where_valid(error, valid).detach();
    const auto largest = by_image_ ? counted.amax({1, 2, 3}, /*keepdim=*/true) : counted.max();
    const auto c = largest.div(parts_).clamp_min(kLeastThreshold);
    return sum_over(torch::where(error <= c, error, (error * error + c * c) / (2 * c)), valid);
  }

  bool splits() const override { return by_image_; }

 private:
  TargetInfo target_;
  double parts_;  // of the largest error, one of which is the threshold
  bool by_image_;
};

}  // namespace
}  // namespace tasuki::losses

TASUKI_REGISTER(tasuki::Loss, tasuki::losses::BerHuLoss, tasuki::options::BerHuLoss,
                "tasuki/BerHuLoss");
