#pragma once

#include <torch/types.h>

namespace tasuki::tasks {

// Mean of `values` where `valid` (same shape, bool) holds; exactly zero, with zero gradient, when
// it holds nowhere. Values elsewhere may be anything, NaN too; only their gradients must be finite.
inline torch::Tensor masked_mean(const torch::Tensor& values, const torch::Tensor& valid) {
  const auto kept = torch::where(valid, values, torch::zeros({}, values.options()));
  return kept.sum() / valid.sum().clamp_min(1).to(values.scalar_type());
}

}  // namespace tasuki::tasks
