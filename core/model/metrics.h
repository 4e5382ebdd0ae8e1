#pragma once

#include <torch/types.h>

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "core/evaluation/metric_value.h"

namespace tasuki {

// Streaming sums over a split: one image at a time, in index order, in float64 and int64, so that a
// figure does not depend on batch size or workers.
class Metrics {
 public:
  virtual ~Metrics() = default;

  // One image: prediction and label in the label's layout without the batch dimension ([H,W] int64
  // or [C,H,W] float32), on the CPU. Invalid label pixels are left out. A prediction that is not
  // finite is an Error (kData).
  virtual void update(const torch::Tensor& prediction, const torch::Tensor& label) = 0;
  // In a fixed order, the same for every state.
  virtual std::vector<MetricValue> values() const = 0;
  // What is kept beside the figures: confusion counts ("confusion": [[...]], rows are labels),
  // class names, per-class IoU, absent classes, resolution of a histogram, free constants. Where
  // labels may lie outside the range that is evaluated: that range in words ("range", "0.001 to 10
  // m"), how many did ("out_of_range_pixels"), and their share of all labelled pixels
  // ("out_of_range_share"); reports and data checks say it.
  virtual void details(nlohmann::json& out) const = 0;
};

}  // namespace tasuki
