#include "plugins/tasks/disparity_metrics.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "plugins/tasks/checks.h"

namespace tasuki::tasks {

std::vector<MetricInfo> DisparitySums::infos() {
  return {{"abs_err", "px", false, true}, {"rmse", "px", false, false}, {"d1", "", false, false}};
}

void DisparitySums::add(const torch::Tensor& prediction, const torch::Tensor& label) {
  for_each_pixel(prediction, label, [&](float p, float y) {
    if (!(y >= 0)) return;
    const double error = std::abs(static_cast<double>(p) - y);
    ++pixels_;
    absolute_ += error;
    square_ += error * error;
    outliers_ += error > kOutlierPixels && error > kOutlierShare * y;
  });
}

void DisparitySums::merge(const DisparitySums& other) {
  pixels_ += other.pixels_;
  outliers_ += other.outliers_;
  absolute_ += other.absolute_;
  square_ += other.square_;
}

std::vector<double> DisparitySums::values() const {
  if (pixels_ == 0) return std::vector<double>(infos().size(), std::nan(""));
  const auto count = static_cast<double>(pixels_);
  return {absolute_ / count, std::sqrt(square_ / count), static_cast<double>(outliers_) / count};
}

void DisparitySums::describe(nlohmann::json& out) const {
  out["d1_pixels"] = kOutlierPixels;
  out["d1_share"] = kOutlierShare;
}

}  // namespace tasuki::tasks
