#include "pipelines/transforms/support_arms.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace tasuki {
namespace {

// Grows the arms of one row, step by step. All pixels of a row take a step together, which
// vectorises, where following one pixel's arm to its end would not.
class RowArms {
 public:
  explicit RowArms(int width) : limit_(width), alive_(width) {}

  // Begins with the pixels of `depth`.
  void set_row(const float* depth, float gate, float least_gate) {
    for (size_t x = 0; x < limit_.size(); ++x) {
      limit_[x] = depth[x] > 0 ? std::max(gate * depth[x], least_gate) : -1.0f;
    }
  }
  void begin_direction() { std::fill(alive_.begin(), alive_.end(), int16_t{1}); }
  // One step: pixel x of `here` (x from `begin`, `count` of them) meets `there`[x].
  void step(const float* here, const float* there, int begin, int count, int16_t* arm) {
    const float* limit = limit_.data() + begin;
    int16_t* alive = alive_.data() + begin;
    for (int x = 0; x < count; ++x) {
      const bool near = (std::abs(there[x] - here[x]) <= limit[x]) & (there[x] > 0);
      alive[x] = static_cast<int16_t>(alive[x] & (near ? 1 : 0));
      arm[x] = static_cast<int16_t>(arm[x] + alive[x]);
    }
  }

 private:
  std::vector<float> limit_;
  std::vector<int16_t> alive_;
};

}  // namespace

SupportArms support_arms(const cv::Mat& depth, int radius, float gate, float least_gate) {
  const int height = depth.rows, width = depth.cols;
  SupportArms arms;
  for (cv::Mat* arm : {&arms.left, &arms.right, &arms.up, &arms.down}) {
    *arm = cv::Mat::zeros(height, width, CV_16SC1);
  }
  RowArms row(width);
  for (int y = 0; y < height; ++y) {
    const float* z = depth.ptr<float>(y);
    row.set_row(z, gate, least_gate);
    row.begin_direction();
    for (int d = 1; d <= std::min(radius, width - 1); ++d) {
      row.step(z, z + d, 0, width - d, arms.right.ptr<int16_t>(y));
    }
    row.begin_direction();
    for (int d = 1; d <= std::min(radius, width - 1); ++d) {
      row.step(z + d, z, d, width - d, arms.left.ptr<int16_t>(y) + d);
    }
    row.begin_direction();
    for (int d = 1; d <= std::min(radius, y); ++d) {
      row.step(z, depth.ptr<float>(y - d), 0, width, arms.up.ptr<int16_t>(y));
    }
    row.begin_direction();
    for (int d = 1; d <= std::min(radius, height - 1 - y); ++d) {
      row.step(z, depth.ptr<float>(y + d), 0, width, arms.down.ptr<int16_t>(y));
    }
  }
  return arms;
}

}  // namespace tasuki
