#include "plugins/tasks/inverse_depth_metrics.h"

#include <cmath>

#include "plugins/tasks/checks.h"

namespace tasuki::tasks {

std::vector<MetricInfo> InverseDepthSums::infos() {
  return {{"abs_err", "", false, true}, {"abs_rel", "", false, true}, {"rmse", "", false, false}};
}

void InverseDepthSums::add(const torch::Tensor& prediction, const torch::Tensor& label) {
  for_each_pixel(prediction, label, [&](float p, float y) {
    if (!(y > 0)) return;
    const double error = std::abs(static_cast<double>(p) - y);
    ++pixels_;
    absolute_ += error;
    relative_ += error / y;
    square_ += error * error;
  });
}

void InverseDepthSums::merge(const InverseDepthSums& other) {
  pixels_ += other.pixels_;
  absolute_ += other.absolute_;
  relative_ += other.relative_;
  square_ += other.square_;
}

std::vector<double> InverseDepthSums::values() const {
  if (pixels_ == 0) return std::vector<double>(infos().size(), std::nan(""));
  const auto count = static_cast<double>(pixels_);
  return {absolute_ / count, relative_ / count, std::sqrt(square_ / count)};
}

}  // namespace tasuki::tasks
