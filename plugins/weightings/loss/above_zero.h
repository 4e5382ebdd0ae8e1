#pragma once

#include <torch/torch.h>

#include <cmath>

namespace tasuki::weightings {

// Losses for methods that take their logarithms or divide by them: NaN in place of those that are
// not above 0, so that the step turns out not finite and the run stops with the losses' names.
inline torch::Tensor above_zero(const torch::Tensor& losses) {
  return torch::where(losses > 0, losses, torch::full_like(losses, std::nan("")));
}

}  // namespace tasuki::weightings
