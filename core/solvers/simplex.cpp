#include "tasuki/solvers/simplex.h"

#include <torch/torch.h>

#include <cmath>

namespace tasuki::solvers {

torch::Tensor project_to_simplex(const torch::Tensor& v) {
  const auto values = v.detach().to(torch::kFloat64);
  if (!values.isfinite().all().item<bool>()) return torch::full_like(values, std::nan(""));
  // The projection of v + c is that of v: numbers far from zero keep their digits this way.
  const auto shifted = values - values.max();
  const auto sorted = std::get<0>(shifted.sort(0, /*descending=*/true));
  const auto count = torch::arange(1, values.numel() + 1, values.options());
  // What w would be cut off at if the k largest were the support; of those the last one above it.
  const auto thresholds = (sorted.cumsum(0) - 1) / count;
  const auto support = (sorted > thresholds).sum().item<int64_t>();
  const auto above = (shifted - thresholds[support - 1]).clamp_min(0);
  return above / above.sum();
}

}  // namespace tasuki::solvers
