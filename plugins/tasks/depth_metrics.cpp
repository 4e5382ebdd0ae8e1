#include "plugins/tasks/depth_metrics.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "plugins/tasks/checks.h"

namespace tasuki::tasks {

std::vector<MetricInfo> DepthSums::infos() {
  return {{"abs_err", "m", false, true},  {"abs_rel", "", false, true},
          {"sq_rel", "m", false, false},  {"rmse", "m", false, false},
          {"rmse_log", "", false, false}, {"log10", "", false, false},
          {"silog", "", false, false},    {"delta1", "", true, false},
          {"delta2", "", true, false},    {"delta3", "", true, false}};
}

void DepthSums::add_pixel(double p, double y) {
  const double error = std::abs(p - y);
  const double log = std::log(p / y);
  const double factor = std::max(p / y, y / p);
  ++pixels_;
  absolute_ += error;
  relative_ += error / y;
  square_ += error * error;
  square_relative_ += error * error / y;
  log_ += log;
  log_absolute_ += std::abs(log);
  log_square_ += log * log;
  below_[0] += factor < 1.25;
  below_[1] += factor < 1.25 * 1.25;
  below_[2] += factor < 1.25 * 1.25 * 1.25;
}

void DepthSums::add(const torch::Tensor& prediction, const torch::Tensor& label) {
  for_each_pixel(prediction, label, [&](float p, float y) {
    if (y > least_ && y < most_) {
      add_pixel(std::clamp<double>(p, least_, most_), y);
    } else if (y > 0) {
      ++outside_;
    }
  });
}

void DepthSums::merge(const DepthSums& other) {
  pixels_ += other.pixels_;
  outside_ += other.outside_;
  absolute_ += other.absolute_;
  relative_ += other.relative_;
  square_ += other.square_;
  square_relative_ += other.square_relative_;
  log_ += other.log_;
  log_absolute_ += other.log_absolute_;
  log_square_ += other.log_square_;
  for (size_t i = 0; i < below_.size(); ++i) below_[i] += other.below_[i];
}

std::vector<double> DepthSums::values() const {
  if (pixels_ == 0) return std::vector<double>(infos().size(), std::nan(""));
  const auto mean = [&](double sum) { return sum / static_cast<double>(pixels_); };
  // Rounding may leave a tiny negative number where the true variance is zero.
  const double variance = std::max(0.0, mean(log_square_) - kSilogLambda * mean(log_) * mean(log_));
  return {mean(absolute_),
          mean(relative_),
          mean(square_relative_),
          std::sqrt(mean(square_)),
          std::sqrt(mean(log_square_)),
          mean(log_absolute_) / std::log(10.0),
          100 * std::sqrt(variance),
          mean(static_cast<double>(below_[0])),
          mean(static_cast<double>(below_[1])),
          mean(static_cast<double>(below_[2]))};
}

void DepthSums::describe(nlohmann::json& out) const {
  out["min_depth"] = least_;
  out["max_depth"] = most_;
  out["silog_lambda"] = kSilogLambda;
  std::ostringstream range;
  range << least_ << " to " << most_ << " m";
  describe_range(range.str(), outside_, pixels_, out);
}

}  // namespace tasuki::tasks
