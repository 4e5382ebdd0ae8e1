#include <torch/types.h>

#include <cmath>
#include <string>
#include <vector>

#include "plugins/metrics/image_values.h"
#include "plugins/metrics/metrics.pb.h"
#include "tasuki/model/streaming_metric.h"
#include "tasuki/registry/registry.h"

namespace tasuki::metrics {
namespace {

// Errors of inverse depth p against the label y, in the unit of the data, over pixels with y > 0:
//   abs_err  mean |p - y|     abs_rel  mean |p - y| / y     rmse  sqrt mean (p - y)^2
// abs_err and abs_rel are those of MTAN's Cityscapes (Liu, Johns, Davison, arXiv:1803.10704), which
// gives abs_rel in percent.
class InverseDepthSums {
 public:
  static std::vector<MetricInfo> infos();

  // Both float [1, H, W]. Error (kData) for a prediction that is not finite, on any pixel.
  void add(const torch::Tensor& prediction, const torch::Tensor& label);
  void merge(const InverseDepthSums& other);
  int64_t pixels() const { return pixels_; }
  std::vector<double> values() const;
  // There are no free constants.
  void describe(nlohmann::json&) const {}
  template <class Self, class Use>
  static void each(Self& sums, Use use) {
    use(sums.pixels_);
    use(sums.absolute_);
    use(sums.relative_);
    use(sums.square_);
  }

 private:
  int64_t pixels_ = 0;
  double absolute_ = 0, relative_ = 0, square_ = 0;
};

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

class InverseDepthMetric final : public StreamingMetric<InverseDepthSums> {
 public:
  InverseDepthMetric(const options::InverseDepthMetric&, const Context& context)
      : StreamingMetric(InverseDepthSums(), InverseDepthSums::infos(), context.averaging) {
    require_one_value(context, "InverseDepthMetric");
  }
};

}  // namespace
}  // namespace tasuki::metrics

TASUKI_REGISTER(tasuki::Metric, tasuki::metrics::InverseDepthMetric,
                tasuki::options::InverseDepthMetric, "tasuki/InverseDepthMetric");
