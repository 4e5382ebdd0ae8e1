#include "pipelines/batches/givers.h"

#include <algorithm>
#include <numeric>

namespace tasuki::batches {
namespace {

bool same_camera(const SampleInfo& a, const SampleInfo& b) {
  if (!a.camera || !b.camera) return !a.camera && !b.camera;
  return a.camera->fx == b.camera->fx && a.camera->fy == b.camera->fy &&
         a.camera->cx == b.camera->cx && a.camera->cy == b.camera->cy;
}

}  // namespace

std::vector<int64_t> draw_givers(int64_t n, cv::RNG& random) {
  std::vector<int64_t> givers(static_cast<size_t>(n));
  std::iota(givers.begin(), givers.end(), 0);
  std::rotate(givers.begin(), givers.begin() + random.uniform(1, int(n)), givers.end());
  return givers;
}

void forget_cameras(Batch& batch, const std::vector<int64_t>& givers) {
  const auto before = batch.samples;
  for (size_t i = 0; i < before.size(); ++i) {
    if (!same_camera(before[i], before[size_t(givers[i])])) batch.samples[i].camera.reset();
  }
}

}  // namespace tasuki::batches
