#include "pipelines/transforms/plane_fit.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "pipelines/transforms/plane_sums.h"
#include "pipelines/transforms/support_arms.h"

namespace tasuki {
namespace {

// A plane beside the pixel is taken when its mean square residual is below this part of the pixel's
// own: on a flat wall all are alike, and its own is centred.
constexpr float kClearlyBetter = 0.5f;
// A plane passes through the pixel when it misses its depth by at most this part of it, or by this
// many stored steps.
constexpr float kMiss = 0.02f;
constexpr float kMissedSteps = 0.75f;
// Residuals below this part of a stored step say nothing: a neighbourhood inside one terrace of
// equal depths fits "perfectly".
constexpr double kMeaninglessStep = 0.5;
// Determinant of the neighbourhood's second moments, px^4, below which it is but a line.
constexpr double kLeastSpread = 0.3;

// 1/Z = a u + b v + c with (u, v) the pixel; residual is the mean square of (fit - 1/Z) over the
// squared mean of 1/Z, 0 where there is no plane.
using Plane = cv::Vec4f;  // a, b, c, residual

float at(const Plane& plane, int x, int y) {
  return plane[0] * x + plane[1] * y + plane[2];
}

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
          static_cast<float>(residual)};
}

// The plane of each pixel's own neighbourhood, CV_32FC4.
cv::Mat own_planes(const cv::Mat& depth, const PlaneFit& fit) {
  const SupportArms arms = support_arms(depth, fit.window / 2, fit.gate, 2 * fit.depth_step);
  PlaneSumRows sums(depth, arms, fit.window);
  const cv::Point2d middle(depth.cols / 2.0, depth.rows / 2.0);
  const double step = kMeaninglessStep * fit.depth_step;
  const double noise = step * step / 12;  // variance of a uniform rounding error
  cv::Mat planes(depth.size(), CV_32FC4, cv::Scalar::all(0));
  for (int y = 0; y < depth.rows; ++y) {
    sums.advance_to(y + fit.window / 2);
    const float* z = depth.ptr<float>(y);
    auto* row = planes.ptr<Plane>(y);
    for (int x = 0; x < depth.cols; ++x) {
      if (!(z[x] > 0)) continue;
      row[x] = solve(sums.at(x, y), middle, fit.least_neighbours);
      // Above 0 also where the fit is exact: 0 stands for "no plane".
      if (row[x][0] != 0 || row[x][1] != 0 || row[x][2] != 0) {
        row[x][3] = static_cast<float>(std::max<double>(row[x][3], noise / (z[x] * z[x])) + 1e-12);
      }
    }
  }
  return planes;
}

// Chooses among the planes of a pixel's own neighbourhood and of eight beside it.
class Chooser {
 public:
  Chooser(const cv::Mat& planes, const PlaneFit& fit)
      : planes_(planes), depth_step_(fit.depth_step), shift_(std::max(1, fit.window * 3 / 8)) {}

  // A plane with residual 0 where there is none.
  Plane choose(int x, int y, float z) const {
    Plane best = planes_.at<Plane>(y, x);
    float score = best[3] > 0 ? best[3] * kClearlyBetter : std::numeric_limits<float>::max();
    const float largest_miss = std::max(kMiss, kMissedSteps * depth_step_ / z);
    for (int dy = -shift_; dy <= shift_; dy += shift_) {
      const int row = y + dy;
      if (row < 0 || row >= planes_.rows) continue;
      for (int dx = -shift_; dx <= shift_; dx += shift_) {
        const int column = x + dx;
        if (column < 0 || column >= planes_.cols) continue;
        const Plane& other = planes_.at<Plane>(row, column);
        if (!(other[3] > 0) || other[3] >= score) continue;
        if (std::abs(at(other, x, y) * z - 1) > largest_miss) continue;
        best = other;
        score = other[3];
      }
    }
    return best;
  }

 private:
  const cv::Mat& planes_;
  const float depth_step_;
  const int shift_;
};

cv::Vec3f normal_of(const Plane& plane, const Camera& camera, int x, int y) {
  cv::Vec3d n(plane[0] * camera.fx, plane[1] * camera.fy,
              plane[0] * camera.cx + plane[1] * camera.cy + plane[2]);
  const double length = std::sqrt(n.dot(n));
  if (!(length > 0)) return {0, 0, 0};
  // n . ray = 1/Z > 0 so far.
  n *= (at(plane, x, y) >= 0 ? -1 : 1) / length;
  return {static_cast<float>(n[0]), static_cast<float>(n[1]), static_cast<float>(n[2])};
}

}  // namespace

cv::Mat normals_from_depth(const cv::Mat& depth, const Camera& camera, const PlaneFit& fit) {
  const cv::Mat planes = own_planes(depth, fit);
  const Chooser chooser(planes, fit);
  cv::Mat normals(depth.size(), CV_32FC3, cv::Scalar::all(0));
  for (int y = 0; y < depth.rows; ++y) {
    const float* z = depth.ptr<float>(y);
    auto* row = normals.ptr<cv::Vec3f>(y);
    for (int x = 0; x < depth.cols; ++x) {
      if (!(z[x] > 0)) continue;
      const Plane plane = chooser.choose(x, y, z[x]);
      if (plane[3] > 0) row[x] = normal_of(plane, camera, x, y);
    }
  }
  return normals;
}

}  // namespace tasuki
