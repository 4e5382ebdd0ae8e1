#include "pipelines/transforms/smooth_normals.h"

#include <algorithm>
#include <cmath>

namespace tasuki {
namespace {

constexpr float kAlikeCosine = 0.98480775f;  // of 10 degrees

// Along rows with step (1, 0), along columns with (0, 1).
cv::Mat averaged(const cv::Mat& normals, const cv::Point& step, int radius) {
  const int stride = std::max(1, radius / 2);  // five will do: the seams are long
  cv::Mat result(normals.size(), CV_32FC3, cv::Scalar::all(0));
  for (int y = 0; y < normals.rows; ++y) {
    const auto* row = normals.ptr<cv::Vec3f>(y);
    auto* out = result.ptr<cv::Vec3f>(y);
    for (int x = 0; x < normals.cols; ++x) {
      const cv::Vec3f own = row[x];
      cv::Vec3f sum(0, 0, 0);
      for (int d = -radius; d <= radius; d += stride) {
        const int v = y + d * step.y, u = x + d * step.x;
        if (v < 0 || v >= normals.rows || u < 0 || u >= normals.cols) continue;
        const cv::Vec3f& other = normals.ptr<cv::Vec3f>(v)[u];
        if (other.dot(own) >= kAlikeCosine) sum += other;
      }
      const float length = std::sqrt(sum.dot(sum));
      if (length > 0) out[x] = sum * (1 / length);
    }
  }
  return result;
}

}  // namespace

cv::Mat smooth_normals(const cv::Mat& normals, int radius) {
  return averaged(averaged(normals, {1, 0}, radius), {0, 1}, radius);
}

}  // namespace tasuki
