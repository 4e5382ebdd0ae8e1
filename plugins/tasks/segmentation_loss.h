#pragma once

#include <torch/types.h>

#include "plugins/tasks/checks.h"

namespace tasuki::tasks {

// Softmax cross entropy. logits [N, C, H, W], label int64 [N, H, W] in -1..C-1 (not checked here)
// -> scalar: mean over the pixels of the batch with label >= 0; exactly zero, with zero gradient,
// when there is none.
inline torch::Tensor segmentation_loss(const torch::Tensor& logits, const torch::Tensor& label) {
  const auto x = loss_precision(logits);
  const auto sum = at::cross_entropy_loss(x, label, {}, at::Reduction::Sum, /*ignore_index=*/-1);
  return sum / label.ge(0).sum().clamp_min(1).to(x.scalar_type());
}

}  // namespace tasuki::tasks
