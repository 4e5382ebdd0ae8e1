#include "plugins/weightings/loss/epoch_mean.h"

#include <torch/torch.h>

#include <cmath>

namespace tasuki::weightings {

void EpochMean::add(int64_t epoch, const torch::Tensor& index, const torch::Tensor& losses) {
  if (double(epoch) < from_) return;
  table_.to(losses.device());
  const auto began = table_.get("loss_epoch", index);
  const auto counts = (began < 0).logical_or(began == double(epoch)).logical_and(losses.isfinite());
  const auto zeros = torch::zeros_like(losses);
  table_.set("loss_epoch", index, torch::where(counts, zeros + double(epoch), began));
  table_.set("loss_sum", index,
             table_.get("loss_sum", index) + torch::where(counts, losses, zeros));
  table_.set("loss_steps", index, table_.get("loss_steps", index) + counts.to(torch::kFloat64));
}

torch::Tensor EpochMean::get(int64_t epoch, const torch::Tensor& index) {
  table_.to(index.device());
  const auto began = table_.get("loss_epoch", index);
  const auto known = (began >= 0).logical_and(began < double(epoch));
  const auto mean = table_.get("loss_sum", index) / table_.get("loss_steps", index);
  return torch::where(known, mean, torch::full_like(mean, std::nan("")));
}

}  // namespace tasuki::weightings
