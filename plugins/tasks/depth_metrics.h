#pragma once

#include <torch/types.h>

#include <array>
#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "core/model/metrics.h"

namespace tasuki::tasks {

// Errors of depth p against the label y in metres, over pixels with least < y < most, p clamped to
// [least, most] first (a linear head may be negative, which has no logarithm). Labels y > 0 outside
// that range are counted and not evaluated: a clamped prediction could never be right there.
//   abs_err   mean |p - y|, m                 abs_rel  mean |p - y| / y
//   sq_rel    mean (p - y)^2 / y, m           rmse     sqrt mean (p - y)^2, m
//   rmse_log  sqrt mean (ln p - ln y)^2       log10    mean |log10 p - log10 y|
//   silog     100 sqrt(mean d^2 - lambda (mean d)^2), d = ln p - ln y, lambda = kSilogLambda
//   delta1, delta2, delta3   share of pixels with max(p / y, y / p) < 1.25, 1.25^2, 1.25^3
// after Eigen, Puhrsch, Fergus, NIPS 2014; silog as the KITTI depth benchmark defines it.
class DepthSums {
 public:
  // Of the KITTI depth benchmark: a common scale factor costs nothing.
  static constexpr double kSilogLambda = 1;

  DepthSums(double least, double most) : least_(least), most_(most) {}

  static std::vector<MetricInfo> infos();

  // Both float [1, H, W]. Error (kData) for a prediction that is not finite, on any pixel.
  void add(const torch::Tensor& prediction, const torch::Tensor& label);
  void merge(const DepthSums& other);
  int64_t pixels() const { return pixels_; }
  std::vector<double> values() const;
  // "min_depth", "max_depth", "silog_lambda"; "range", "out_of_range_pixels" and
  // "out_of_range_share" as Metrics::details has them.
  void describe(nlohmann::json& out) const;

 private:
  void add_pixel(double p, double y);

  double least_, most_;
  int64_t pixels_ = 0, outside_ = 0;
  double absolute_ = 0, relative_ = 0, square_ = 0, square_relative_ = 0;
  double log_ = 0, log_absolute_ = 0, log_square_ = 0;  // of ln p - ln y
  std::array<int64_t, 3> below_{};                      // 1.25, 1.25^2, 1.25^3
};

}  // namespace tasuki::tasks
