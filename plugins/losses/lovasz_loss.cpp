#include <torch/torch.h>

#include "plugins/losses/class_weights.h"
#include "plugins/losses/segmentation_losses.pb.h"
#include "tasuki/registry/registry.h"

namespace tasuki::losses {
namespace {

// The gradient of the Lovasz extension of the Jaccard loss at `errors`, brought back to the order
// of the pixels (Berman et al., algorithm 1). errors [G, P], foreground and valid bool [G, P].
torch::Tensor jaccard_gradient(const torch::Tensor& errors, const torch::Tensor& foreground,
                               const torch::Tensor& valid) {
  // Invalid pixels come last, behind all whose error counts.
  const auto order = std::get<1>(errors.masked_fill(~valid, -1).sort(1, /*descending=*/true));
  const auto truth = foreground.gather(1, order).to(errors.scalar_type());
  const auto all = truth.sum(1, true);
  const auto intersection = all - truth.cumsum(1);
  const auto in_union = all + (1 - truth).cumsum(1);
  auto jaccard = 1 - intersection / in_union;
  const int64_t pixels = errors.size(1);
  const auto steps = torch::cat({jaccard.narrow(1, 0, 1), jaccard.narrow(1, 1, pixels - 1) -
                                                              jaccard.narrow(1, 0, pixels - 1)},
                                1);
  return torch::zeros_like(errors).scatter_(1, order, steps);
}

class LovaszLoss final : public Loss {
 public:
  LovaszLoss(const options::LovaszLoss& options, const Context& context)
      : by_image_(options.over() == options::LovaszLoss::IMAGE) {
    require_classes(context, "LovaszLoss");
  }

  LossSum compute(const torch::Tensor& prediction, const torch::Tensor& target) const override {
    const auto p = logit_groups(loss_precision(prediction), by_image_).softmax(1);
    const auto labels = target_groups(target, by_image_);
    const auto valid = labels.ge(0);
    if (p.numel() == 0) return {p.sum(), valid.sum()};
    auto sum = torch::zeros({p.size(0)}, p.options());
    auto present = torch::zeros({p.size(0)}, p.options().dtype(torch::kLong));
    for (int64_t c = 0; c < p.size(1); ++c) {
      const auto foreground = labels.eq(c);
      const auto errors =
          where_valid(torch::where(foreground, 1 - p.select(1, c), p.select(1, c)), valid);
      const auto has = foreground.any(1);
      // The gradient is constant where the order of the errors is: it needs no graph of its own.
      const auto slope = jaccard_gradient(errors.detach(), foreground, valid);
      sum = sum + where_valid((errors * slope).sum(1), has);
      present = present + has.to(torch::kLong);
    }
    const auto counts = present > 0;
    return {(sum / present.clamp_min(1)).sum(), counts.sum()};
  }

  bool splits() const override { return by_image_; }

 private:
  bool by_image_;
};

}  // namespace
}  // namespace tasuki::losses

TASUKI_REGISTER(tasuki::Loss, tasuki::losses::LovaszLoss, tasuki::options::LovaszLoss,
                "tasuki/LovaszLoss");
