#include <torch/torch.h>

#include <cmath>

#include "plugins/losses/value_losses.pb.h"
#include "plugins/losses/values.h"
#include "tasuki/registry/registry.h"

namespace tasuki::losses {
namespace {

class SILogLoss final : public Loss {
 public:
  SILogLoss(const options::SILogLoss& options, const Context& context)
      : target_(context),
        lambda_(options.lambda()),
        floor_(options.floor()),
        by_image_(options.over() == options::SILogLoss::IMAGE) {
    require_one_number(context, "SILogLoss");
  }

  LossSum compute(const torch::Tensor& prediction, const torch::Tensor& target) const override {
    const auto valid = valid_pixels(target, target_) & target.gt(0);
    const auto e = log_difference(loss_precision(prediction), target, valid, floor_);
    const auto counts = group_sums(valid, by_image_);
    const auto pixels = counts.clamp_min(1).to(e.scalar_type());
    // The order of these two is the one in which autograd adds what comes back through e, to the
    // last bit.
    const auto mean = group_sums(where_valid(e, valid), by_image_) / pixels;
    const auto square = group_sums(where_valid(e * e, valid), by_image_) / pixels;
    const auto losses = square - lambda_ * mean.square();
    return {losses.sum(), counts.gt(0).sum()};
  }

  bool splits() const override { return by_image_; }

 private:
  TargetInfo target_;
  double lambda_, floor_;
  bool by_image_;
};

}  // namespace
}  // namespace tasuki::losses

TASUKI_REGISTER(tasuki::Loss, tasuki::losses::SILogLoss, tasuki::options::SILogLoss,
                "tasuki/SILogLoss");
