#include "plugins/tasks/disparity_metrics.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "plugins/tasks/checks.h"

namespace tasuki::tasks {

std::vector<MetricInfo> DisparitySums::infos() {
  return {{"abs_err", "px", false, true}, {"rmse", "px", false, false}, {"d1", "", false, false}};
}

void DisparitySums::add(const torch::Tensor& prediction, const torch::Tensor& label) {
  const auto predicted = image_values(prediction, 1), labelled = image_values(label, 1);
  TORCH_CHECK(predicted.sizes() == labelled.sizes(), "prediction ", predicted.sizes(),
              " and label ", labelled.sizes(), " differ in size");
  check_finite(predicted);
  const float* p = predicted.data_ptr<float>();
  const float* y = labelled.data_ptr<float>();
  for (int64_t i = 0; i < predicted.numel(); ++i) {
    if (!(y[i] >= 0)) continue;
    const double error = std::abs(static_cast<double>(p[i]) - y[i]);
    ++pixels_;
    absolute_ += error;
    square_ += error * error;
    outliers_ += error > kOutlierPixels && error > kOutlierShare * y[i];
  }
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
