#include "pipelines/transforms/plane_choice.h"

#include <algorithm>
#include <array>
#include <utility>

#include "pipelines/transforms/plane_fit.h"

namespace tasuki {
namespace {

// A larger window whose residual is more than this times that of the smaller ones holds more than
// one plane.
constexpr float kGrowth = 2;
// Planes with residuals up to this times the best are averaged: choosing one of equals would only
// add noise.
constexpr float kAlike = 2;
// A plane passes through a pixel that is at most this many standard deviations away.
constexpr float kMiss = 3;

// The own neighbourhood first: it prunes the others.
constexpr std::array<std::array<int, 2>, 9> kBeside = {
    {{0, 0}, {-1, -1}, {-1, 0}, {-1, 1}, {0, -1}, {0, 1}, {1, -1}, {1, 0}, {1, 1}}};

}  // namespace

PlaneChoice::PlaneChoice(std::vector<cv::Mat> planes, int window)
    : planes_(std::move(planes)), shift_(std::max(1, window * 3 / 8)) {}

PlaneChoice::Found PlaneChoice::at_scale(size_t scale, int x, int y, float z, float noise) const {
  const cv::Mat& planes = planes_[scale];
  const float u = static_cast<float>(x), v = static_cast<float>(y);
  const int column = std::min(x >> scale, planes.cols - 1);
  const int row = std::min(y >> scale, planes.rows - 1);
  std::array<const Plane*, kBeside.size()> passing;
  std::array<float, kBeside.size()> weights;
  size_t count = 0;
  float best = 0;  // largest weight, 1 / residual
  for (const auto& beside : kBeside) {
    const int r = row + beside[0] * shift_, c = column + beside[1] * shift_;
    if (r < 0 || r >= planes.rows || c < 0 || c >= planes.cols) continue;
    const Plane& plane = planes.ptr<Plane>(r)[c];
    const float residual = std::max(plane[3], noise);
    if (!(plane[3] > 0) || residual * best > kAlike) continue;
    const bool own = &beside == kBeside.data();
    const float miss = inverse_depth(plane, u, v) * z - 1;
    // A pixel's own plane is better than none even where it misses the pixel.
    if (miss * miss > kMiss * kMiss * residual && !(own && scale == 0)) continue;
    best = std::max(best, 1 / residual);
    passing[count] = &plane;
    weights[count++] = (own ? 2 : 1) / residual;
  }
  Found found;
  if (count == 0) return found;
  found.residual = 1 / best;
  float sum = 0;
  for (size_t i = 0; i < count; ++i) {
    if (weights[i] * kAlike < best) continue;
    found.plane += *passing[i] * weights[i];
    sum += weights[i];
  }
  found.plane *= 1 / sum;
  return found;
}

Plane PlaneChoice::choose(int x, int y, float z, float noise) const {
  std::array<Found, PlaneFit::kMostScales> found;
  const bool stands_alone = !(planes_[0].ptr<Plane>(y)[x][3] > 0);
  // From the largest: on a bare wall that is all there is to do.
  for (size_t scale = planes_.size() - 1; scale > 0; --scale) {
    found[scale] = at_scale(scale, x, y, z, noise);
    const float residual = found[scale].residual;
    if (residual > 0 && residual <= kGrowth * noise && !stands_alone) return found[scale].plane;
  }
  found[0] = at_scale(0, x, y, z, noise);
  Found chosen = found[0];
  if (!(chosen.residual > 0)) return chosen.plane;
  for (size_t scale = 1; scale < planes_.size(); ++scale) {
    const Found& larger = found[scale];
    if (!(larger.residual > 0)) continue;
    if (larger.residual > kGrowth * chosen.residual) break;
    chosen = {larger.plane, std::min(chosen.residual, larger.residual)};
  }
  return chosen.plane;
}

}  // namespace tasuki
