#pragma once

#include <torch/types.h>

#include <array>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "core/model/metrics.h"

namespace tasuki::tasks {

// Angle between a and b in degrees, 0..180, of any lengths > 0: atan2(|a x b|, a . b) to 2e-5
// degrees, where acos of the cosine in float32 has 0.02 degrees of noise at small angles. 90 when
// either has length zero: no direction is as far from right as from wrong.
float angle_degrees(const std::array<float, 3>& a, const std::array<float, 3>& b);

// Angular errors of normals in degrees, over pixels whose label is not the zero vector:
//   mean, rmse      of the angles
//   median          of all pixels, from a histogram with bins of kBinDegrees, interpolated inside
//                   the bin: off by less than one bin
//   within_11_25, within_22_5, within_30   share of pixels with an angle below so many degrees
class NormalSums {
 public:
  static constexpr double kBinDegrees = 0.01;

  NormalSums();

  static std::vector<MetricInfo> infos();

  // Both float [3, H, W]. Error (kData) for a prediction that is not finite, on any pixel.
  void add(const torch::Tensor& prediction, const torch::Tensor& label);
  void merge(const NormalSums& other);
  int64_t pixels() const { return pixels_; }
  std::vector<double> values() const;
  // "median_resolution_degrees".
  void describe(nlohmann::json& out) const;

 private:
  void add_angle(double angle);
  double median() const;

  int64_t pixels_ = 0;
  double sum_ = 0, square_ = 0;
  std::array<int64_t, 3> within_{};
  std::vector<int64_t> histogram_;
};

}  // namespace tasuki::tasks
