#include <torch/types.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "plugins/metrics/image_values.h"
#include "plugins/metrics/metrics.pb.h"
#include "tasuki/model/streaming_metric.h"
#include "tasuki/registry/registry.h"

namespace tasuki::metrics {
namespace {

// Errors of disparity p against the label y in pixels, over pixels with a label y >= 0; p is not
// clamped:
//   abs_err  mean |p - y|, px
//   rmse     sqrt mean (p - y)^2, px
//   d1       share of pixels with |p - y| > 3 px and |p - y| > 0.05 y: outliers of the KITTI 2015
//            stereo benchmark (Menze, Geiger, CVPR 2015), here a fraction, there in percent
class DisparitySums {
 public:
  static constexpr double kOutlierPixels = 3;
  static constexpr double kOutlierShare = 0.05;

  explicit DisparitySums(double invalid) : invalid_(invalid) {}

  static std::vector<MetricInfo> infos();

  // Both float [1, H, W]. Error (kData) for a prediction that is not finite, on any pixel.
  void add(const torch::Tensor& prediction, const torch::Tensor& label);
  void merge(const DisparitySums& other);
  int64_t pixels() const { return pixels_; }
  std::vector<double> values() const;
  // "d1_pixels", "d1_share".
  void describe(nlohmann::json& out) const;
  template <class Self, class Use>
  static void each(Self& sums, Use use) {
    use(sums.pixels_);
    use(sums.outliers_);
    use(sums.absolute_);
    use(sums.square_);
  }

 private:
  double invalid_;
  int64_t pixels_ = 0;
  int64_t outliers_ = 0;
  double absolute_ = 0, square_ = 0;
};

std::vector<MetricInfo> DisparitySums::infos() {
  return {{"abs_err", "px", false, true}, {"rmse", "px", false, false}, {"d1", "", false, false}};
}

void DisparitySums::add(const torch::Tensor& prediction, const torch::Tensor& label) {
  for_each_pixel(prediction, label, [&](float p, float y) {
    if (!(y >= 0) || y == invalid_) return;
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

class DisparityMetric final : public StreamingMetric<DisparitySums> {
 public:
  DisparityMetric(const options::DisparityMetric&, const Context& context)
      : StreamingMetric(DisparitySums(context.invalid), DisparitySums::infos(), context.averaging) {
    require_one_value(context, "DisparityMetric");
  }
};

}  // namespace
}  // namespace tasuki::metrics

TASUKI_REGISTER(tasuki::Metric, tasuki::metrics::DisparityMetric, tasuki::options::DisparityMetric,
                "tasuki/DisparityMetric");
