#pragma once

#include <algorithm>
#include <limits>

#include "acme/min_norm.pb.h"
#include "tasuki/step/weighting.h"

namespace acme {

// The weights w of the shortest vector sum_i w_i g_i, w >= 0, sum w = 1, from the inner products of
// the g. Weight moves between the two for which that shortens the vector most, by the exact minimum
// on that line, until it shortens it no more.
inline torch::Tensor min_norm_point(const torch::Tensor& gramian) {
  const auto inner = gramian.accessor<double, 2>();
  const int64_t n = gramian.size(0);
  const double tolerance = 1e-13 * gramian.diagonal().max().item<double>();
  std::vector<double> w(size_t(n), 1.0 / double(n));
  for (int step = 0; step < 100000; ++step) {
    double smallest = std::numeric_limits<double>::infinity(), largest = -smallest;
    int64_t to = 0, from = 0;
    for (int64_t i = 0; i < n; ++i) {
      double product = 0;  // g_i . sum_j w_j g_j
      for (int64_t j = 0; j < n; ++j) product += inner[i][j] * w[size_t(j)];
      if (product < smallest) smallest = product, to = i;
      if (product > largest && w[size_t(i)] > 0) largest = product, from = i;
    }
    if (!(largest - smallest > tolerance)) break;
    const double curvature = inner[to][to] - 2 * inner[to][from] + inner[from][from];
    const double move = std::min((largest - smallest) / curvature, w[size_t(from)]);
    w[size_t(to)] += move;
    w[size_t(from)] -= move;
  }
  return torch::tensor(w, torch::kFloat64);
}

class MinNorm : public tasuki::GramianWeighting {
 public:
  explicit MinNorm(const options::MinNorm&) {}

  torch::Tensor weigh(const torch::Tensor& gramian, tasuki::Draws&) override {
    return min_norm_point(gramian);
  }
};

}  // namespace acme
