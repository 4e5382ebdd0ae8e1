#pragma once

#include <torch/torch.h>

#include <memory>
#include <string>
#include <vector>

#include "tasuki/model/loss.h"
#include "tests/pipelines/plugin.h"

// What losses are compared with, and short ways to make one.
namespace tasuki::tests {

inline TargetInfo classes(int64_t count) {
  return {"seg", "tasuki/label_map", count, true, -1, {}};
}
inline TargetInfo depths() {
  return {"depth", "tasuki/depth", 1, false, 0, {}};
}
inline TargetInfo disparities() {
  return {"disparity", "tasuki/disparity", 1, false, -1, {}};
}
inline TargetInfo normals() {
  return {"normal", "tasuki/normals", 3, false, 0, {}};
}

inline std::unique_ptr<Loss> make_loss(const std::string& name, const TargetInfo& target,
                                       const std::string& options = "") {
  return testing::make<Loss>("tasuki/" + name, options, target);
}

inline torch::Tensor doubles(std::vector<double> values, std::vector<int64_t> shape) {
  return torch::tensor(values, torch::kDouble).view(shape);
}
inline torch::Tensor indices(std::vector<int64_t> values, std::vector<int64_t> shape) {
  return torch::tensor(values).view(shape);
}

inline double mean_of(const Loss& loss, const torch::Tensor& prediction,
                      const torch::Tensor& target) {
  return loss.compute(prediction, target).mean().item<double>();
}

}  // namespace tasuki::tests
