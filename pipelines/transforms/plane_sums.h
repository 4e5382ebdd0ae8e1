#pragma once

#include <array>
#include <cstdint>
#include <opencv2/core.hpp>
#include <vector>

#include "pipelines/transforms/support_arms.h"

namespace tasuki {

// Sums over a pixel's neighbourhood of the products that a least-squares plane needs, with
// w = 1/Z and (u, v) in pixels from the picture's middle (smaller numbers, smaller rounding).
enum PlaneSum { kN, kU, kV, kUU, kUV, kVV, kW, kUW, kVW, kWW, kPlaneSums };
using PlaneSums = std::array<double, kPlaneSums>;

// Makes them row by row from the top: advance to the lowest row that the next pixels reach, then
// ask. Only the last `window` + 1 rows of column prefix sums are kept, so that they stay in cache.
class PlaneSumRows {
 public:
  PlaneSumRows(const cv::Mat& depth, const SupportArms& arms, int window);

  // Takes in all rows up to and including `row`.
  void advance_to(int row);
  // Sums over the neighbourhood of the pixel; its vertical reach must have been taken in.
  PlaneSums at(int x, int y) const {
    const double* below = row_sums(y + arms_.down.at<int16_t>(y, x) + 1) + x;
    const double* above = row_sums(y - arms_.up.at<int16_t>(y, x)) + x;
    PlaneSums sums;
    for (int i = 0; i < kPlaneSums; ++i) sums[i] = below[i * width_] - above[i * width_];
    return sums;
  }

 private:
  // kPlaneSums rows of `width_`: sums over the horizontal reach, of all picture rows above `row`.
  const double* row_sums(int row) const {
    return prefix_.data() + static_cast<size_t>(row % ring_) * kPlaneSums * width_;
  }
  void prefix_along_row(const float* depth);
  void add_row(int y);

  const cv::Mat depth_;
  const SupportArms& arms_;
  const int width_;
  const int ring_;
  int next_ = 0;
  std::vector<double> prefix_;
  std::vector<double> w_, uw_, ww_;  // prefix sums along the present row
};

}  // namespace tasuki
