#include "tasuki/model/loss.h"

#include <torch/torch.h>

#include "tasuki/step/shared_losses.h"

namespace tasuki {

torch::Tensor LossSum::mean() const {
  const auto* shared = SharedLosses::current();
  if (shared == nullptr) return sum / count.masked_fill(count == 0, 1).to(sum.scalar_type());
  auto all = count.detach().to(torch::kFloat64) * double(shared->counts());
  shared->processes().sum(all);
  const auto own = sum * (double(shared->counts()) * double(shared->processes().size()));
  return own / all.masked_fill(all == 0, 1).to(sum.scalar_type());
}

LossSum StepLoss::compute(const torch::Tensor&, const torch::Tensor&) const {
  TORCH_CHECK(false, "this loss needs the batch: call compute_in");
}

torch::Tensor loss_precision(const torch::Tensor& values) {
  return values.scalar_type() == torch::kDouble ? values : values.to(torch::kFloat);
}

torch::Tensor valid_pixels(const torch::Tensor& target, const TargetInfo& info) {
  const auto differs = target.ne(info.invalid);
  return info.is_index || target.size(1) == 1 ? differs : differs.any(1, /*keepdim=*/true);
}

torch::Tensor where_valid(const torch::Tensor& values, const torch::Tensor& valid) {
  return torch::where(valid, values, torch::zeros({}, values.options()));
}

LossSum sum_over(const torch::Tensor& values, const torch::Tensor& valid) {
  return {where_valid(values, valid).sum(), valid.sum()};
}

}  // namespace tasuki
