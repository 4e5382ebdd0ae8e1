#pragma once

#include <array>
#include <nlohmann/json.hpp>
#include <vector>

#include "core/config/config.pb.h"
#include "core/model/metrics.h"

namespace acme {

// Pixels counted by predicted probability, in steps of 1 %: all that precision and recall at the
// thresholds 1 %, 2 %, ..., 99 % need. A pixel is an edge when its label is at least 0.5.
class EdgeCounts {
 public:
  struct Best {
    double threshold = 0, precision = 0, recall = 0;
    double f1 = 0;  // 2 TP / (2 TP + FP + FN)
  };

  void add(float prediction, float label);
  void merge(const EdgeCounts& other);
  // At the threshold with the largest F1, the lowest of equals. NaN throughout when nothing is an
  // edge and nothing was taken for one.
  Best best() const;

 private:
  static constexpr int kSteps = 100;

  std::array<int64_t, kSteps + 1> edges_{}, others_{};
};

// f1: at the best threshold of the split (PIXEL), or the mean of each image's best (IMAGE). Pixels
// are compared where they are, without a tolerance in position. threshold, precision and recall
// are those of the split's best.
class EdgeMetrics final : public tasuki::Metrics {
 public:
  explicit EdgeMetrics(tasuki::Averaging averaging) : averaging_(averaging) {}

  void update(const torch::Tensor& prediction, const torch::Tensor& label) override;
  std::vector<tasuki::MetricValue> values() const override;
  void details(nlohmann::json& out) const override;

 private:
  tasuki::Averaging averaging_;
  EdgeCounts split_;
  double sum_of_bests_ = 0;  // over images that have a best
  int64_t images_ = 0;
};

}  // namespace acme
