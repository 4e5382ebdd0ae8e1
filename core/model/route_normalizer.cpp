#include "tasuki/model/route_normalizer.h"

#include <torch/torch.h>

namespace tasuki {

RouteNormalizer::RouteNormalizer(Train::RouteNormalization mode,
                                 const std::vector<Objective>& objectives, torch::Device device)
    : mode_(mode) {
  const auto n = int64_t(objectives.size());
  same_route_ = torch::zeros({n, n}, torch::kFloat64);
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      same_route_[i][j] = objectives[size_t(i)].route == objectives[size_t(j)].route ? 1 : 0;
    }
  }
  same_route_ = same_route_.to(device);
  count_ = same_route_.sum(1);
}

torch::Tensor RouteNormalizer::operator()(const torch::Tensor& coefficients) const {
  const auto w = coefficients.to(torch::kFloat64);
  if (mode_ == Train::NONE) return w;
  if (mode_ == Train::COUNT) return w / count_;
  const auto sum = same_route_.mv(w);
  if (mode_ == Train::MEAN_OVER_COUNT) return sum / count_.square();
  // Dividing by 1 where there is nothing to divide keeps gradients free of NaN.
  const auto empty = sum == 0;
  return (w / sum.masked_fill(empty, 1)).masked_fill(empty, 0);
}

}  // namespace tasuki
