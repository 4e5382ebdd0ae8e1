#pragma once

#include <torch/types.h>

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "tasuki/config/config.pb.h"
#include "tasuki/evaluation/metric_value.h"
#include "tasuki/model/target_info.h"

namespace tasuki {

// Sums over a split: one image at a time, in index order, in float64 and int64, so that a figure
// does not depend on batch size or workers. Accumulators of parts of a split are merged: figures of
// the whole are the same, to the rounding of float64 sums that were added in another order.
// Most are a StreamingMetric (core/model/streaming_metric.h) of a few sums.
class Metric {
 public:
  static constexpr const char* kKind = "Metric";
  struct Context : TargetInfo {
    Averaging averaging = PIXEL;
  };

  virtual ~Metric() = default;

  // One image: prediction and label in the label's layout without the batch dimension ([H,W] int64
  // or [C,H,W] float32), on the CPU. Invalid label pixels are left out. A prediction that is not
  // finite is an Error (kData).
  virtual void accumulate(const torch::Tensor& prediction, const torch::Tensor& label) = 0;
  // All that was accumulated, as numbers that any process can send to another. How many they are
  // depends on the metric and its options alone.
  virtual std::vector<double> state() const = 0;
  // Adds what another metric of the same options accumulated. Error (kRun) for any other state.
  virtual void merge(const std::vector<double>& state) = 0;
  void merge(const Metric& other) { merge(other.state()); }

  // In a fixed order, the same for every state; NaN where nothing was measured.
  virtual std::vector<MetricValue> values() const = 0;
  // What is kept beside the figures: confusion counts ("confusion": [[...]], rows are labels),
  // class names, per-class IoU, absent classes, resolution of a histogram, free constants. Where
  // labels may lie outside the range that is evaluated: that range in words ("range", "0.001 to 10
  // m"), how many did ("out_of_range_pixels"), and their share of all labelled pixels
  // ("out_of_range_share"); reports and data checks say it.
  virtual void details(nlohmann::json& /*out*/) const {}
};

}  // namespace tasuki
