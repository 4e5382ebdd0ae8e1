#include <torch/torch.h>

#include <cmath>

#include "plugins/losses/value_losses.pb.h"
#include "plugins/losses/values.h"
#include "tasuki/registry/registry.h"

namespace tasuki::losses {
namespace {

using torch::indexing::None;
using torch::indexing::Slice;

// Per image, sum of |difference| between neighbours along `axis` that both are valid.
torch::Tensor neighbour_sums(const torch::Tensor& values, const torch::Tensor& valid,
                             int64_t axis) {
  const int64_t pairs = std::max<int64_t>(values.size(axis) - 1, 0);
  const int64_t second = std::min<int64_t>(values.size(axis), 1);
  const auto differences = values.narrow(axis, second, pairs) - values.narrow(axis, 0, pairs);
  const auto both = valid.narrow(axis, second, pairs) & valid.narrow(axis, 0, pairs);
  return group_sums(where_valid(differences.abs(), both), /*by_image=*/true);
}

class GradientMatchingLoss final : public Loss {
 public:
  GradientMatchingLoss(const options::GradientMatchingLoss& options, const Context& context)
      : target_(context),
        scales_(options.scales()),
        logarithms_(options.logarithms()),
        floor_(options.floor()) {
    require_values(context, "GradientMatchingLoss");
    if (logarithms_) require_one_number(context, "GradientMatchingLoss of logarithms");
  }

  LossSum compute(const torch::Tensor& prediction, const torch::Tensor& target) const override {
    const auto p = loss_precision(prediction);
    auto valid = valid_pixels(target, target_);
    if (logarithms_) valid = valid & target.gt(0);
    const auto difference =
        where_valid(logarithms_ ? log_difference(p, target, valid, floor_) : p - target, valid);
    torch::Tensor losses = torch::zeros({p.size(0)}, p.options());
    for (uint32_t k = 0; k < scales_; ++k) {
      const auto every = Slice(None, None, int64_t{1} << k);
      const auto d = difference.index({Slice(), Slice(), every, every});
      const auto v = valid.index({Slice(), Slice(), every, every});
      const auto pixels = group_sums(v, /*by_image=*/true).clamp_min(1);
      losses = losses + (neighbour_sums(d, v, 2) + neighbour_sums(d, v, 3)) / pixels;
    }
    return {losses.sum(), valid.flatten(1).any(1).sum()};
  }

 private:
  TargetInfo target_;
  uint32_t scales_;
  bool logarithms_;
  double floor_;
};

}  // namespace
}  // namespace tasuki::losses

TASUKI_REGISTER(tasuki::Loss, tasuki::losses::GradientMatchingLoss,
                tasuki::options::GradientMatchingLoss, "tasuki/GradientMatchingLoss");
