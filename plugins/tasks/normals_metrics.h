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
//   median          of all pixels, for an even number of them the midpoint of the middle two. From
//                   a histogram that knows the least and the largest angle of each bin: exact where
//                   the bins in the middle hold at most two angles or equal ones (0 for a perfect
//                   prediction), elsewhere off by less than kBinDegrees, a bin's width
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
  // How many angles, and between which.
  struct Bin {
    int64_t count = 0;
    float least = 180, largest = 0;
  };

  void add_angle(float degrees);
  // The angle that `rank` others are not above; a bin's angles count as evenly spread between its
  // least and its largest.
  double at_rank(int64_t rank) const;
  double median() const;

  int64_t pixels_ = 0;
  double sum_ = 0, square_ = 0;
  std::array<int64_t, 3> within_{};
  std::vector<Bin> histogram_;
};

}  // namespace tasuki::tasks
