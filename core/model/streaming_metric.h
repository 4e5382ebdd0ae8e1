#pragma once

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "tasuki/error/error.h"
#include "tasuki/model/metric.h"

namespace tasuki {

// Both ways of averaging over a metric's sums. Sums is a value:
//   void add(const Tensor& prediction, const Tensor& label)  one image, validated
//   void merge(const Sums& other)
//   int64_t pixels() const                                    valid pixels so far
//   std::vector<double> values() const                        one per MetricInfo, NaN when unknown
//   void describe(nlohmann::json& out) const                  what belongs into details
//   static void each(auto& sums, auto use)                    calls use for every number of sums
// Each image gets sums of its own, which are merged in index order. PIXEL: values of the merged
// sums. IMAGE: mean of the images' own values; an image without valid pixels is left out.
template <class Sums>
class StreamingMetric : public Metric {
 public:
  StreamingMetric(Sums empty, std::vector<MetricInfo> infos, Averaging averaging)
      : empty_(std::move(empty)),
        total_(empty_),
        infos_(std::move(infos)),
        averaging_(averaging),
        value_sums_(infos_.size(), 0.0),
        value_counts_(infos_.size(), 0) {}

  void accumulate(const torch::Tensor& prediction, const torch::Tensor& label) override;
  std::vector<double> state() const override;
  using Metric::merge;
  void merge(const std::vector<double>& state) override;
  std::vector<MetricValue> values() const override;
  // "averaging", "images", "images_without_valid_pixels", "valid_pixels" and what Sums adds. What
  // Sums describes is of the merged sums with either averaging.
  void details(nlohmann::json& out) const override;

 private:
  template <class Self, class Use>
  static void each(Self& self, Use use) {
    use(self.images_);
    use(self.images_without_label_);
    for (auto& sum : self.value_sums_) use(sum);
    for (auto& count : self.value_counts_) use(count);
    Sums::each(self.total_, use);
  }
  void add(const StreamingMetric& other);
  void add_values(const std::vector<double>& values);

  Sums empty_;
  Sums total_;
  std::vector<MetricInfo> infos_;
  Averaging averaging_;
  std::vector<double> value_sums_;
  std::vector<int64_t> value_counts_;
  int64_t images_ = 0;
  int64_t images_without_label_ = 0;
};

template <class Sums>
void StreamingMetric<Sums>::accumulate(const torch::Tensor& prediction,
                                       const torch::Tensor& label) {
  Sums image = empty_;
  image.add(prediction, label);
  ++images_;
  if (image.pixels() == 0) ++images_without_label_;
  if (averaging_ == IMAGE) add_values(image.values());
  total_.merge(image);
}

template <class Sums>
std::vector<double> StreamingMetric<Sums>::state() const {
  std::vector<double> numbers;
  each(*this, [&](const auto& number) { numbers.push_back(static_cast<double>(number)); });
  return numbers;
}

template <class Sums>
void StreamingMetric<Sums>::merge(const std::vector<double>& state) {
  StreamingMetric other(empty_, infos_, averaging_);
  size_t count = 0;
  each(other, [&](auto& number) {
    if (count < state.size()) number = static_cast<std::decay_t<decltype(number)>>(state[count]);
    ++count;
  });
  if (count != state.size()) {
    throw Error(ErrorKind::kRun, "a metric's state of " + std::to_string(state.size()) +
                                     " numbers can't be merged into one of " +
                                     std::to_string(count) + ": it is another metric's");
  }
  add(other);
}

template <class Sums>
void StreamingMetric<Sums>::add(const StreamingMetric& other) {
  images_ += other.images_;
  images_without_label_ += other.images_without_label_;
  for (size_t i = 0; i < infos_.size(); ++i) {
    value_sums_[i] += other.value_sums_[i];
    value_counts_[i] += other.value_counts_[i];
  }
  total_.merge(other.total_);
}

template <class Sums>
void StreamingMetric<Sums>::add_values(const std::vector<double>& values) {
  for (size_t i = 0; i < values.size(); ++i) {
    if (std::isnan(values[i])) continue;
    value_sums_[i] += values[i];
    ++value_counts_[i];
  }
}

template <class Sums>
std::vector<MetricValue> StreamingMetric<Sums>::values() const {
  const std::vector<double> pooled = total_.values();
  std::vector<MetricValue> result;
  for (size_t i = 0; i < infos_.size(); ++i) {
    const double mean = value_counts_[i] > 0 ? value_sums_[i] / value_counts_[i] : std::nan("");
    result.push_back({infos_[i], averaging_ == IMAGE ? mean : pooled[i]});
  }
  return result;
}

template <class Sums>
void StreamingMetric<Sums>::details(nlohmann::json& out) const {
  out["averaging"] = averaging_ == IMAGE ? "IMAGE" : "PIXEL";
  out["images"] = images_;
  out["images_without_valid_pixels"] = images_without_label_;
  out["valid_pixels"] = total_.pixels();
  total_.describe(out);
}

}  // namespace tasuki
