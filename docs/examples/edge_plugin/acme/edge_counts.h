#pragma once

#include <torch/types.h>

#include <array>
#include <nlohmann/json.hpp>
#include <vector>

#include "tasuki/evaluation/metric_value.h"

namespace acme {

// Pixels counted by predicted probability, in steps of 1 %: all that precision and recall at the
// thresholds 1 %, 2 %, ..., 99 % need. A pixel is an edge when its label is at least 0.5. Pixels
// are compared where they are, without a tolerance in position. tasuki::StreamingMetric makes a
// metric of it: f1 at the best threshold of the split, or the mean of each image's best.
class EdgeCounts {
 public:
  struct Best {
    double threshold = 0, precision = 0, recall = 0;
    double f1 = 0;  // 2 TP / (2 TP + FP + FN)
  };

  static std::vector<tasuki::MetricInfo> infos();

  // One image; Error for a prediction that is not finite.
  void add(const torch::Tensor& prediction, const torch::Tensor& label);
  void add(float prediction, float label);
  void merge(const EdgeCounts& other);
  int64_t pixels() const;
  // At the threshold with the largest F1, the lowest of equals. NaN throughout when nothing is an
  // edge and nothing was taken for one.
  Best best() const;
  std::vector<double> values() const;  // in the order of infos()
  void describe(nlohmann::json& out) const;
  template <class Self, class Use>
  static void each(Self& counts, Use use) {
    for (auto& count : counts.edges_) use(count);
    for (auto& count : counts.others_) use(count);
  }

 private:
  static constexpr int kSteps = 100;

  std::array<int64_t, kSteps + 1> edges_{}, others_{};
};

}  // namespace acme
