#include <torch/types.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "plugins/metrics/image_values.h"
#include "plugins/metrics/metrics.pb.h"
#include "tasuki/model/streaming_metric.h"
#include "tasuki/registry/registry.h"

namespace tasuki::metrics {
namespace {

// Errors of depth p against the label y in metres, over pixels with least < y < most, p clamped to
// [least, most] first (a linear head may be negative, which has no logarithm). Labels y > 0 outside
// that range are counted and not evaluated: a clamped prediction could never be right there.
//   abs_err   mean |p - y|, m                 abs_rel  mean |p - y| / y
//   sq_rel    mean (p - y)^2 / y, m           rmse     sqrt mean (p - y)^2, m
//   rmse_log  sqrt mean (ln p - ln y)^2       log10    mean |log10 p - log10 y|
//   silog     100 sqrt(mean d^2 - lambda (mean d)^2), d = ln p - ln y, lambda = kSilogLambda
//   delta1, delta2, delta3   share of pixels with max(p / y, y / p) < 1.25, 1.25^2, 1.25^3
// after Eigen, Puhrsch, Fergus, NIPS 2014; silog as the KITTI depth benchmark defines it.
class DepthSums {
 public:
  // Of the KITTI depth benchmark: a common scale factor costs nothing.
  static constexpr double kSilogLambda = 1;

  DepthSums(double least, double most) : least_(least), most_(most) {}

  static std::vector<MetricInfo> infos();

  // Both float [1, H, W]. Error (kData) for a prediction that is not finite, on any pixel.
  void add(const torch::Tensor& prediction, const torch::Tensor& label);
  void merge(const DepthSums& other);
  int64_t pixels() const { return pixels_; }
  std::vector<double> values() const;
  // "min_depth", "max_depth", "silog_lambda"; "range", "out_of_range_pixels" and
  // "out_of_range_share" as Metric::details has them.
  void describe(nlohmann::json& out) const;
  template <class Self, class Use>
  static void each(Self& sums, Use use) {
    use(sums.pixels_);
    use(sums.outside_);
    for (auto* sum : {&sums.absolute_, &sums.relative_, &sums.square_, &sums.square_relative_,
                      &sums.log_, &sums.log_absolute_, &sums.log_square_}) {
      use(*sum);
    }
    for (auto& count : sums.below_) use(count);
  }

 private:
  void add_pixel(double p, double y);

  double least_, most_;
  int64_t pixels_ = 0, outside_ = 0;
  double absolute_ = 0, relative_ = 0, square_ = 0, square_relative_ = 0;
  double log_ = 0, log_absolute_ = 0, log_square_ = 0;  // of ln p - ln y
  std::array<int64_t, 3> below_{};                      // 1.25, 1.25^2, 1.25^3
};

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

class DepthMetric final : public StreamingMetric<DepthSums> {
 public:
  DepthMetric(const options::DepthMetric& options, const Context& context)
      : StreamingMetric(DepthSums(options.min_depth(), options.max_depth()), DepthSums::infos(),
                        context.averaging) {
    require_one_value(context, "DepthMetric");
    require_option(options.max_depth() > options.min_depth(), "max_depth",
                   "must be more than min_depth");
  }
};

}  // namespace
}  // namespace tasuki::metrics

TASUKI_REGISTER(tasuki::Metric, tasuki::metrics::DepthMetric, tasuki::options::DepthMetric,
                "tasuki/DepthMetric");
