#pragma once

#include <torch/types.h>

#include <vector>

#include "tasuki/model/feature_cut.h"

namespace tasuki {

// The gradients of several losses on the features at a cut as the rows of a matrix, and a combined
// gradient on into the parameters before the cut.
//
// Example:
//   FeatureRows rows(cut);
//   for (size_t i = 0; i < n; ++i) {
//     step.backward(step.losses[i], i + 1 < n);
//     rows.add();
//   }
//   rows.backward(torch::matmul(weights, rows.matrix()));
class FeatureRows {
 public:
  explicit FeatureRows(FeatureCut& cut) : cut_(cut) {}

  // Takes what the last backward pass left on the features, as the next row.
  void add() { gradients_.push_back(cut_.take_gradients()); }
  // [n, F], float32 or wider: of the features that any row reaches, in the cut's order.
  torch::Tensor matrix() const;
  // Walks a gradient [F] of the same features on into the parameters before the cut, once.
  void backward(const torch::Tensor& gradient);

 private:
  bool is_reached(size_t leaf) const;

  FeatureCut& cut_;
  std::vector<std::vector<torch::Tensor>> gradients_;  // of each row, by leaf
};

}  // namespace tasuki
