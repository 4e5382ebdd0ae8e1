#pragma once

#include <torch/torch.h>

#include <vector>

#include "core/engine/weighting.h"

namespace tasuki::weightings {

// The values of scalar losses as [n] float64 on the CPU, without their graph.
inline torch::Tensor numbers(const std::vector<torch::Tensor>& losses) {
  std::vector<torch::Tensor> values;
  for (const auto& loss : losses) values.push_back(loss.detach().to(torch::kFloat64).reshape({}));
  return torch::stack(values).to(torch::kCPU);
}

// WeightingStep::index as [n] int64, to pick a step's elements of what is kept for all objectives.
inline torch::Tensor index_of(const WeightingStep& step) {
  return torch::tensor(std::vector<int64_t>(step.index.begin(), step.index.end()), torch::kInt64);
}

}  // namespace tasuki::weightings
