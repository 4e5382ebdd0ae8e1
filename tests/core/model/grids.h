#pragma once

#include <torch/types.h>

#include <vector>

#include "tasuki/model/encoder.h"

namespace tasuki::testing {

// What a stage that makes one grid of one makes of this one.
inline torch::Tensor on_grid(Stage& stage, const torch::Tensor& x) {
  return stage.forward(FeatureMaps{FeatureMap{x}}).at(0).tensor;
}

// Features of stages that give one grid each.
inline RouteFeatures grids(const std::vector<torch::Tensor>& tensors) {
  RouteFeatures features;
  for (const auto& tensor : tensors) features.push_back({FeatureMap{tensor}});
  return features;
}

}  // namespace tasuki::testing
