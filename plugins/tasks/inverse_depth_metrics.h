#pragma once

#include <torch/types.h>

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "core/model/metrics.h"

namespace tasuki::tasks {

// Errors of inverse depth p against the label y, in the unit of the data, over pixels with y > 0:
//   abs_err  mean |p - y|     abs_rel  mean |p - y| / y     rmse  sqrt mean (p - y)^2
// abs_err and abs_rel are those of MTAN's Cityscapes (Liu, Johns, Davison, arXiv:1803.10704), which
// gives abs_rel in percent.
class InverseDepthSums {
 public:
  static std::vector<MetricInfo> infos();

  // Both float [1, H, W]. Error (kData) for a prediction that is not finite, on any pixel.
  void add(const torch::Tensor& prediction, const torch::Tensor& label);
  void merge(const InverseDepthSums& other);
  int64_t pixels() const { return pixels_; }
  std::vector<double> values() const;
  // There are no free constants.
  void describe(nlohmann::json&) const {}

 private:
  int64_t pixels_ = 0;
  double absolute_ = 0, relative_ = 0, square_ = 0;
};

}  // namespace tasuki::tasks
