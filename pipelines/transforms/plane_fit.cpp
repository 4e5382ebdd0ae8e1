#include "pipelines/transforms/plane_fit.h"

#include <algorithm>
#include <cmath>

#include "pipelines/transforms/dequantise.h"
#include "pipelines/transforms/plane_choice.h"
#include "pipelines/transforms/plane_scales.h"
#include "pipelines/transforms/smooth_normals.h"

namespace tasuki {
namespace {

// Standard deviations of what is left of the rounding, in steps: between contours, and where there
// are none (1 / sqrt(12) = 0.29 if the true depths were spread evenly over the step, which they
// are not on the faces that one step holds whole).
constexpr float kBetween = 0.12f, kFlat = 0.2f;
// Relative error of depth that is as good as none: 1.5 mm at 1 m.
constexpr float kExact = 0.0015f;
// Neighbours this many steps apart may be on one surface, whatever the gate.
constexpr float kGateSteps = 2;

PlaneScales scales_of(const PlaneFit& fit) {
  return {fit.window, fit.scales, fit.gate, kGateSteps * fit.depth_step, fit.least_neighbours};
}

// Variance of the relative error of depth z.
float noise_variance(const PlaneFit& fit, float z, bool between) {
  const float rounding = (between ? kBetween : kFlat) * fit.depth_step / z;
  const float least = std::max(rounding, kExact), sensor = fit.noise * z;
  return least * least + sensor * sensor;
}

cv::Vec3f normal_of(const Plane& plane, const Camera& camera, int x, int y) {
  cv::Vec3d n(plane[0] * camera.fx, plane[1] * camera.fy,
              plane[0] * camera.cx + plane[1] * camera.cy + plane[2]);
  const double length = std::sqrt(n.dot(n));
  if (!(length > 0)) return {0, 0, 0};
  // n . ray = 1/Z > 0 so far.
  const bool ahead = inverse_depth(plane, static_cast<float>(x), static_cast<float>(y)) >= 0;
  n *= (ahead ? -1 : 1) / length;
  return {static_cast<float>(n[0]), static_cast<float>(n[1]), static_cast<float>(n[2])};
}

}  // namespace

cv::Mat normals_from_depth(const cv::Mat& depth, const Camera& camera, const PlaneFit& fit) {
  Dequantised smooth{depth, cv::Mat::zeros(depth.size(), CV_8UC1)};
  if (fit.depth_step > 0) smooth = dequantise(depth, fit.depth_step);
  const PlaneChoice choice(plane_scales(smooth.depth, scales_of(fit)), fit.window);
  cv::Mat normals(depth.size(), CV_32FC3, cv::Scalar::all(0));
  for (int y = 0; y < depth.rows; ++y) {
    const float* z = smooth.depth.ptr<float>(y);
    const auto* between = smooth.between.ptr<uchar>(y);
    auto* row = normals.ptr<cv::Vec3f>(y);
    for (int x = 0; x < depth.cols; ++x) {
      if (!(z[x] > 0)) continue;
      const Plane plane = choice.choose(x, y, z[x], noise_variance(fit, z[x], between[x] != 0));
      if (plane[3] > 0) row[x] = normal_of(plane, camera, x, y);
    }
  }
  // The cells of the largest windows are that wide.
  return fit.scales > 1 ? smooth_normals(normals, 1 << (fit.scales - 1)) : normals;
}

}  // namespace tasuki
