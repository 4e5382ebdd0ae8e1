#include "pipelines/transforms/dequantise.h"

#include <cmath>

namespace tasuki {
namespace {

// Depths this many steps apart are neighbours; not two, whatever the storage rounded once more.
constexpr float kOneStep = 1.5f;

// Sums of weighted interpolated depths, and of the weights.
struct Interpolated {
  cv::Mat sum, weight;  // CV_32FC1
};

// Adds the line over pixels begin to end of a row, from depth `from` to depth `to` at the outer
// edges of the first and the last pixel.
void add_line(float* sum, float* weight, int begin, int end, float from, float to) {
  const float length = static_cast<float>(end - begin), share = 1 / (length * length);
  for (int x = begin; x < end; ++x) {
    const float along = (static_cast<float>(x - begin) + 0.5f) / length;
    sum[x] += share * (from + (to - from) * along);
    weight[x] += share;
  }
}

Interpolated along_rows(const cv::Mat& depth, float step) {
  Interpolated out{cv::Mat::zeros(depth.size(), CV_32FC1), cv::Mat::zeros(depth.size(), CV_32FC1)};
  const auto is_contour = [&](float a, float b) {
    return a > 0 && b > 0 && std::abs(a - b) <= kOneStep * step;
  };
  for (int y = 0; y < depth.rows; ++y) {
    const float* z = depth.ptr<float>(y);
    for (int begin = 0, end = 0; begin < depth.cols; begin = end) {
      end = begin + 1;
      while (end < depth.cols && z[end] == z[begin]) ++end;
      if (begin == 0 || end == depth.cols) continue;
      const float before = z[begin - 1], here = z[begin], after = z[end];
      if (!is_contour(before, here) || !is_contour(here, after)) continue;
      if ((before < here) == (after < here)) continue;  // a hilltop or a hollow
      add_line(out.sum.ptr<float>(y), out.weight.ptr<float>(y), begin, end, (before + here) / 2,
               (here + after) / 2);
    }
  }
  return out;
}

}  // namespace

Dequantised dequantise(const cv::Mat& depth, float step) {
  const Interpolated rows = along_rows(depth, step), columns = along_rows(depth.t(), step);
  const cv::Mat sum = rows.sum + columns.sum.t(), weight = rows.weight + columns.weight.t();
  Dequantised out{depth.clone(), weight > 0};
  cv::Mat mean;
  cv::divide(sum, weight, mean);
  mean.copyTo(out.depth, out.between);
  return out;
}

}  // namespace tasuki
