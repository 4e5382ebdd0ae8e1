#include "tasuki/solvers/tensors.h"

#include <torch/torch.h>

#include <limits>

namespace tasuki::solvers {

torch::Tensor weigh_finite(const torch::Tensor& gramian,
                           const std::function<Values(const Matrix&)>& rule) {
  const auto inner = gramian.accessor<double, 2>();
  Matrix matrix(static_cast<size_t>(gramian.size(0)));
  bool finite = true;
  for (size_t i = 0; i < matrix.size(); ++i) {
    for (size_t j = 0; j < matrix.size(); ++j) {
      matrix(i, j) = inner[int64_t(i)][int64_t(j)];
      finite = finite && std::isfinite(matrix(i, j));
    }
  }
  if (!finite) {
    return torch::full({gramian.size(0)}, std::numeric_limits<double>::quiet_NaN(),
                       torch::kFloat64);
  }
  return torch::tensor(rule(matrix), torch::kFloat64);
}

}  // namespace tasuki::solvers
