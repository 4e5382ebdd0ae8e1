#include "tasuki/step/feature_rows.h"

#include <torch/torch.h>

#include <algorithm>

namespace tasuki {

bool FeatureRows::is_reached(size_t leaf) const {
  return std::any_of(gradients_.begin(), gradients_.end(),
                     [leaf](const auto& row) { return row[leaf].defined(); });
}

torch::Tensor FeatureRows::matrix() const {
  const auto& leaves = cut_.leaves();
  std::vector<torch::Tensor> rows;
  for (const auto& gradients : gradients_) {
    std::vector<torch::Tensor> row;
    for (size_t k = 0; k < leaves.size(); ++k) {
      if (!is_reached(k)) continue;
      const auto gradient = gradients[k].defined() ? gradients[k] : torch::zeros_like(leaves[k]);
      const auto type = at::promote_types(torch::kFloat32, gradient.scalar_type());
      row.push_back(gradient.detach().to(type).reshape(-1));
    }
    rows.push_back(row.empty() ? torch::zeros({0}) : torch::cat(row));
  }
  return torch::stack(rows);
}

void FeatureRows::backward(const torch::Tensor& gradient) {
  const auto& leaves = cut_.leaves();
  std::vector<torch::Tensor> parts(leaves.size());
  int64_t from = 0;
  for (size_t k = 0; k < leaves.size(); ++k) {
    if (!is_reached(k)) continue;
    parts[k] = gradient.narrow(0, from, leaves[k].numel())
                   .reshape(leaves[k].sizes())
                   .to(leaves[k].scalar_type())
                   .contiguous(leaves[k].suggest_memory_format());
    from += leaves[k].numel();
  }
  cut_.backward(parts);
}

}  // namespace tasuki
