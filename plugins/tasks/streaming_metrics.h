#pragma once

#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "core/config/config.pb.h"
#include "core/model/metrics.h"

namespace tasuki::tasks {

// Both ways of averaging over one task's sums. Sums is a value:
//   void add(const Tensor& prediction, const Tensor& label)  one image, validated
//   void merge(const Sums& other)
//   int64_t pixels() const                                    valid pixels so far
//   std::vector<double> values() const                        one per MetricInfo, NaN when unknown
//   void describe(nlohmann::json& out) const                  what belongs into details
// Each image gets sums of its own, which are merged in index order. PIXEL: values of the merged
// sums. IMAGE: mean of the images' own values; an image without valid pixels is left out.
template <class Sums>
class StreamingMetrics final : public Metrics {
 public:
  StreamingMetrics(Sums empty, std::vector<MetricInfo> infos, Averaging averaging)
      : empty_(std::move(empty)),
        total_(empty_),
        infos_(std::move(infos)),
        averaging_(averaging),
        value_sums_(infos_.size(), 0.0),
        value_counts_(infos_.size(), 0) {}

  void update(const torch::Tensor& prediction, const torch::Tensor& label) override {
    Sums image = empty_;
    image.add(prediction, label);
    ++images_;
    if (image.pixels() == 0) ++images_without_label_;
    if (averaging_ == IMAGE) add_values(image.values());
    total_.merge(image);
  }

  std::vector<MetricValue> values() const override {
    const std::vector<double> pooled = total_.values();
    std::vector<MetricValue> result;
    for (size_t i = 0; i < infos_.size(); ++i) {
      const double mean = value_counts_[i] > 0 ? value_sums_[i] / value_counts_[i] : std::nan("");
      result.push_back({infos_[i], averaging_ == IMAGE ? mean : pooled[i]});
    }
    return result;
  }

  // "averaging", "images", "images_without_valid_pixels", "valid_pixels" and what Sums adds. What
  // Sums describes is of the merged sums with either averaging.
  void details(nlohmann::json& out) const override {
    out["averaging"] = averaging_ == IMAGE ? "IMAGE" : "PIXEL";
    out["images"] = images_;
    out["images_without_valid_pixels"] = images_without_label_;
    out["valid_pixels"] = total_.pixels();
    total_.describe(out);
  }

 private:
  void add_values(const std::vector<double>& values) {
    for (size_t i = 0; i < values.size(); ++i) {
      if (std::isnan(values[i])) continue;
      value_sums_[i] += values[i];
      ++value_counts_[i];
    }
  }

  Sums empty_;
  Sums total_;
  std::vector<MetricInfo> infos_;
  Averaging averaging_;
  std::vector<double> value_sums_;
  std::vector<int64_t> value_counts_;
  int64_t images_ = 0;
  int64_t images_without_label_ = 0;
};

}  // namespace tasuki::tasks
