#pragma once

#include <torch/types.h>

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "core/model/metric_value.h"

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
  // class names, per-class IoU, absent classes, resolution of a histogram, free constants.
  virtual void details(nlohmann::json& out) const = 0;
};

}  // namespace tasuki
