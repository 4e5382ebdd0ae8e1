#include "plugins/tasks/inverse_depth_metrics.h"

#include <cmath>

#include "plugins/tasks/checks.h"

namespace tasuki::tasks {

std::vector<MetricInfo> InverseDepthSums::infos() {
  return {{"abs_err", "", false, true}, {"abs_rel", "", false, true}, {"rmse", "", false, false}};
}

void InverseDepthSums::add(const torch::Tensor& prediction, const torch::Tensor& label) {
  const auto predicted = image_values(prediction, 1), labelled = image_values(label, 1);
  TORCH_CHECK(predicted.sizes() == labelled.sizes(), "prediction ", predicted.sizes(),
              " and label ", labelled.sizes(), " differ in size");
  check_finite(predicted);
  const float* p = predicted.data_ptr<float>();
  const float* y = labelled.data_ptr<float>();
  for (int64_t i = 0; i < predicted.numel(); ++i) {
    if (!(y[i] > 0)) continue;
    const double error = std::abs(static_cast<double>(p[i]) - y[i]);
    ++pixels_;
    absolute_ += error;
    relative_ += error / y[i];
    square_ += error * error;
  }
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
