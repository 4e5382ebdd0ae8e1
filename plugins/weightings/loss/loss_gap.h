#pragma once

#include <torch/torch.h>

namespace tasuki::weightings {

// sum_i |x_i - x_(i+1)| of [n] numbers; 0 where there is only one. Differentiable.
inline torch::Tensor neighbour_gap(const torch::Tensor& x) {
  const int64_t n = x.size(0);
  return (x.slice(0, 0, n - 1) - x.slice(0, 1, n)).abs().sum();
}

}  // namespace tasuki::weightings
