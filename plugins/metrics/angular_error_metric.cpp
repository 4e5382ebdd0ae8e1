#include <torch/types.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "plugins/metrics/image_values.h"
#include "plugins/metrics/metrics.pb.h"
#include "tasuki/model/angle.h"
#include "tasuki/model/streaming_metric.h"
#include "tasuki/registry/registry.h"

namespace tasuki::metrics {
namespace {

// Angular errors of normals in degrees, over pixels whose label is not the zero vector:
//   mean, rmse      of the angles
//   median          of all pixels, for an even number of them the midpoint of the middle two. From
//                   a histogram that knows the least and the largest angle of each bin: exact where
//                   the bins in the middle hold at most two angles or equal ones (0 for a perfect
//                   prediction), elsewhere off by less than kBinDegrees, a bin's width
//   within_11_25, within_22_5, within_30   share of pixels with an angle below so many degrees
class NormalSums {
 public:
  static constexpr double kBinDegrees = 0.01;

  NormalSums();

  static std::vector<MetricInfo> infos();

  // Both float [3, H, W]. Error (kData) for a prediction that is not finite, on any pixel.
  void add(const torch::Tensor& prediction, const torch::Tensor& label);
  void merge(const NormalSums& other);
  int64_t pixels() const { return pixels_; }
  std::vector<double> values() const;
  // "median_resolution_degrees".
  void describe(nlohmann::json& out) const;
  template <class Self, class Use>
  static void each(Self& sums, Use use) {
    use(sums.pixels_);
    use(sums.sum_);
    use(sums.square_);
    for (auto& count : sums.within_) use(count);
    for (auto& bin : sums.histogram_) {
      use(bin.count);
      use(bin.least);
      use(bin.largest);
    }
  }

 private:
  // How many angles, and between which.
  struct Bin {
    int64_t count = 0;
    float least = 180, largest = 0;
  };

  void add_angle(float degrees);
  // The angle that `rank` others are not above; a bin's angles count as evenly spread between its
  // least and its largest.
  double at_rank(int64_t rank) const;
  double median() const;

  int64_t pixels_ = 0;
  double sum_ = 0, square_ = 0;
  std::array<int64_t, 3> within_{};
  std::vector<Bin> histogram_;
};

constexpr size_t kBins = 18000;  // of 0.01 degrees up to 180
static_assert(kBins * NormalSums::kBinDegrees == 180);

NormalSums::NormalSums() : histogram_(kBins) {}

std::vector<MetricInfo> NormalSums::infos() {
  return {{"mean", "deg", false, true},    {"median", "deg", false, true},
          {"rmse", "deg", false, false},   {"within_11_25", "", true, true},
          {"within_22_5", "", true, true}, {"within_30", "", true, true}};
}

void NormalSums::add_angle(float degrees) {
  const double angle = degrees;
  ++pixels_;
  sum_ += angle;
  square_ += angle * angle;
  within_[0] += angle < 11.25;
  within_[1] += angle < 22.5;
  within_[2] += angle < 30;
  auto& bin = histogram_[std::min(static_cast<size_t>(angle * (1 / kBinDegrees)), kBins - 1)];
  ++bin.count;
  bin.least = std::min(bin.least, degrees);
  bin.largest = std::max(bin.largest, degrees);
}

void NormalSums::add(const torch::Tensor& prediction, const torch::Tensor& label) {
  const auto predicted = image_values(prediction, 3), labelled = image_values(label, 3);
  TORCH_CHECK(predicted.sizes() == labelled.sizes(), "prediction ", predicted.sizes(),
              " and label ", labelled.sizes(), " differ in size");
  check_finite(predicted);
  const int64_t plane = predicted.size(1) * predicted.size(2);
  const float* p = predicted.data_ptr<float>();
  const float* y = labelled.data_ptr<float>();
  for (int64_t i = 0; i < plane; ++i) {
    const std::array<float, 3> normal = {y[i], y[plane + i], y[2 * plane + i]};
    if (!is_zero_vector(normal))
      add_angle(angle_degrees({p[i], p[plane + i], p[2 * plane + i]}, normal));
  }
}

void NormalSums::merge(const NormalSums& other) {
  pixels_ += other.pixels_;
  sum_ += other.sum_;
  square_ += other.square_;
  for (size_t i = 0; i < within_.size(); ++i) within_[i] += other.within_[i];
  for (size_t i = 0; i < kBins; ++i) {
    Bin& bin = histogram_[i];
    bin.count += other.histogram_[i].count;
    bin.least = std::min(bin.least, other.histogram_[i].least);
    bin.largest = std::max(bin.largest, other.histogram_[i].largest);
  }
}

double NormalSums::at_rank(int64_t rank) const {
  size_t i = 0;
  while (rank >= histogram_[i].count) rank -= histogram_[i++].count;
  const Bin& bin = histogram_[i];
  if (rank == 0) return bin.least;
  return bin.least + (double{bin.largest} - bin.least) * static_cast<double>(rank) /
                         static_cast<double>(bin.count - 1);
}

double NormalSums::median() const {
  return (at_rank((pixels_ - 1) / 2) + at_rank(pixels_ / 2)) / 2;
}

std::vector<double> NormalSums::values() const {
  if (pixels_ == 0) return std::vector<double>(infos().size(), std::nan(""));
  const auto mean = [&](double sum) { return sum / static_cast<double>(pixels_); };
  return {mean(sum_),
          median(),
          std::sqrt(mean(square_)),
          mean(static_cast<double>(within_[0])),
          mean(static_cast<double>(within_[1])),
          mean(static_cast<double>(within_[2]))};
}

void NormalSums::describe(nlohmann::json& out) const {
  out["median_resolution_degrees"] = kBinDegrees;
}

class AngularErrorMetric final : public StreamingMetric<NormalSums> {
 public:
  AngularErrorMetric(const options::AngularErrorMetric&, const Context& context)
      : StreamingMetric(NormalSums(), NormalSums::infos(), context.averaging) {
    require_option(!context.is_index && context.channels == 3, "",
                   "AngularErrorMetric compares vectors of 3 components, which labels of kind " +
                       context.field_kind + " are not");
  }
};

}  // namespace
}  // namespace tasuki::metrics

TASUKI_REGISTER(tasuki::Metric, tasuki::metrics::AngularErrorMetric,
                tasuki::options::AngularErrorMetric, "tasuki/AngularErrorMetric");
