#include "pipelines/transforms/plane_sums.h"

namespace tasuki {

PlaneSumRows::PlaneSumRows(const cv::Mat& depth, const SupportArms& arms, int window)
    : depth_(depth),
      arms_(arms),
      width_(depth.cols),
      ring_(window + 1),
      prefix_(static_cast<size_t>(ring_) * kPlaneSums * width_, 0.0),
      w_(width_ + 1, 0.0),
      uw_(width_ + 1, 0.0),
      ww_(width_ + 1, 0.0) {}

void PlaneSumRows::advance_to(int row) {
  for (; next_ <= row && next_ < depth_.rows; ++next_) add_row(next_);
}

void PlaneSumRows::prefix_along_row(const float* depth) {
  const double middle = depth_.cols / 2.0;
  for (int x = 0; x < width_; ++x) {
    const double w = depth[x] > 0 ? 1.0 / depth[x] : 0.0;
    w_[x + 1] = w_[x] + w;
    uw_[x + 1] = uw_[x] + w * (x - middle);
    ww_[x + 1] = ww_[x] + w * w;
  }
}

void PlaneSumRows::add_row(int y) {
  const float* z = depth_.ptr<float>(y);
  prefix_along_row(z);
  const auto* left = arms_.left.ptr<int16_t>(y);
  const auto* right = arms_.right.ptr<int16_t>(y);
  const double* before = row_sums(y);
  double* after = const_cast<double*>(row_sums(y + 1));
  const double v = y - depth_.rows / 2.0;
  for (int x = 0; x < width_; ++x) {
    const int begin = x - left[x], end = x + right[x] + 1;
    // All pixels from begin to end have a depth: their sums of u and u^2 have closed forms.
    const double n = z[x] > 0 ? end - begin : 0;
    const double mean = (begin + end - 1) * 0.5 - width_ / 2.0;
    const double w = w_[end] - w_[begin], uw = uw_[end] - uw_[begin], ww = ww_[end] - ww_[begin];
    const double sums[kPlaneSums] = {
        n,  n * mean, n * v, n * (mean * mean + (n * n - 1) / 12), n * mean * v, n * v * v, w,
        uw, v * w,    ww};
    for (int i = 0; i < kPlaneSums; ++i) after[i * width_ + x] = before[i * width_ + x] + sums[i];
  }
}

}  // namespace tasuki
