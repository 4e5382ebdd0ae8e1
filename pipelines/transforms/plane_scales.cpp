#include "pipelines/transforms/plane_scales.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "pipelines/transforms/plane_sums.h"
#include "pipelines/transforms/support_arms.h"

namespace tasuki {
namespace {

// Determinant of the neighbourhood's second moments, cells^4, below which it is but a line.
constexpr double kLeastSpread = 0.3;
// A residual is above 0 also where the fit is exact: 0 stands for "no plane".
constexpr double kLeastResidual = 1e-12;
constexpr float kUnknown = std::numeric_limits<float>::max();

// In cells.
Plane solve(const PlaneSums& sums, const cv::Point2d& middle, int least_neighbours) {
  if (sums[kN] < least_neighbours) return {0, 0, 0, 0};
  const double scale = 1 / sums[kN];
  const double u = sums[kU] * scale, v = sums[kV] * scale, w = sums[kW] * scale;
  const double uu = sums[kUU] * scale - u * u, vv = sums[kVV] * scale - v * v;
  const double uv = sums[kUV] * scale - u * v, ww = sums[kWW] * scale - w * w;
  const double uw = sums[kUW] * scale - u * w, vw = sums[kVW] * scale - v * w;
  const double determinant = uu * vv - uv * uv;
  if (determinant < kLeastSpread) return {0, 0, 0, 0};
  const double a = (uw * vv - vw * uv) / determinant, b = (vw * uu - uw * uv) / determinant;
  const double residual = std::max(0.0, ww - a * uw - b * vw) / (w * w);
  const double c = w - a * (u + middle.x) - b * (v + middle.y);
  return {static_cast<float>(a), static_cast<float>(b), static_cast<float>(c),
          static_cast<float>(residual + kLeastResidual)};
}

// From cells of `side` pixels to pixels: cell x has its middle at pixel x side + (side - 1) / 2.
Plane in_pixels(const Plane& plane, float side) {
  const float a = plane[0] / side, b = plane[1] / side;
  return {a, b, plane[2] - (a + b) * (side - 1) / 2, plane[3]};
}

cv::Mat planes_of(const cv::Mat& depth, const PlaneScales& scales, float side) {
  const SupportArms arms = support_arms(depth, scales.window / 2, scales.gate, scales.least_gate);
  PlaneSumRows sums(depth, arms, scales.window);
  const cv::Point2d middle(depth.cols / 2.0, depth.rows / 2.0);
  cv::Mat planes(depth.size(), CV_32FC4, cv::Scalar::all(0));
  for (int y = 0; y < depth.rows; ++y) {
    sums.advance_to(y + scales.window / 2);
    const float* z = depth.ptr<float>(y);
    auto* row = planes.ptr<Plane>(y);
    for (int x = 0; x < depth.cols; ++x) {
      if (!(z[x] > 0)) continue;
      row[x] = in_pixels(solve(sums.at(x, y), middle, scales.least_neighbours), side);
    }
  }
  return planes;
}

// Depth of a cell of four: that of those near enough to the second smallest, so that a cell on an
// edge is of one surface.
float cell_depth(const std::array<float, 4>& depth, const PlaneScales& scales) {
  std::array<float, 4> z;
  for (size_t i = 0; i < z.size(); ++i) z[i] = depth[i] > 0 ? depth[i] : kUnknown;
  const float nearest = std::min(std::min(z[0], z[1]), std::min(z[2], z[3]));
  if (nearest == kUnknown) return 0;
  const float second = std::min(std::max(std::min(z[0], z[1]), std::min(z[2], z[3])),
                                std::min(std::max(z[0], z[1]), std::max(z[2], z[3])));
  const float chosen = second < kUnknown ? second : nearest;
  const float limit = std::max(scales.gate * chosen, scales.least_gate);
  float sum = 0, count = 0;
  for (const float one : z) {
    const float counts = std::abs(one - chosen) <= limit ? 1.0f : 0.0f;
    sum += counts / one;
    count += counts;
  }
  return count / sum;
}

// An odd row or column at the end is left out: a cell of one column would not have its middle where
// the others have.
cv::Mat halved(const cv::Mat& depth, const PlaneScales& scales) {
  cv::Mat half(depth.rows / 2, depth.cols / 2, CV_32FC1);
  for (int y = 0; y < half.rows; ++y) {
    const float* upper = depth.ptr<float>(2 * y);
    const float* lower = depth.ptr<float>(2 * y + 1);
    auto* row = half.ptr<float>(y);
    for (int x = 0; x < half.cols; ++x) {
      row[x] = cell_depth({upper[2 * x], upper[2 * x + 1], lower[2 * x], lower[2 * x + 1]}, scales);
    }
  }
  return half;
}

}  // namespace

std::vector<cv::Mat> plane_scales(const cv::Mat& depth, const PlaneScales& scales) {
  std::vector<cv::Mat> planes = {planes_of(depth, scales, 1)};
  cv::Mat cells = depth;
  for (int scale = 1; scale < scales.count; ++scale) {
    if (std::min(cells.rows, cells.cols) / 2 < scales.window) break;
    cells = halved(cells, scales);
    planes.push_back(planes_of(cells, scales, static_cast<float>(1 << scale)));
  }
  return planes;
}

}  // namespace tasuki
