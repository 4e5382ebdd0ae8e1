#pragma once

#include <torch/types.h>

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "core/model/metrics.h"

namespace tasuki::tasks {

// Errors of disparity p against the label y in pixels, over pixels with y >= 0; p is not clamped:
//   abs_err  mean |p - y|, px
//   rmse     sqrt mean (p - y)^2, px
//   d1       share of pixels with |p - y| > 3 px and |p - y| > 0.05 y: outliers of the KITTI 2015
//            stereo benchmark (Menze, Geiger, CVPR 2015), here a fraction, there in percent
class DisparitySums {
 public:
  static constexpr double kOutlierPixels = 3;
  static constexpr double kOutlierShare = 0.05;

  static std::vector<MetricInfo> infos();

  // Both float [1, H, W]. Error (kData) for a prediction that is not finite, on any pixel.
  void add(const torch::Tensor& prediction, const torch::Tensor& label);
  void merge(const DisparitySums& other);
  int64_t pixels() const { return pixels_; }
  std::vector<double> values() const;
  // "d1_pixels", "d1_share".
  void describe(nlohmann::json& out) const;

 private:
  int64_t pixels_ = 0;
  int64_t outliers_ = 0;
  double absolute_ = 0, square_ = 0;
};

}  // namespace tasuki::tasks
