#pragma once

#include <opencv2/core.hpp>

#include "tasuki/loader/batch.h"

namespace tasuki {

// Batch -> batch, for what mixes samples: CutMix and the like. Applied to the training batches once
// they are collated, before they are copied to the model's device. Const; draws from `random` only,
// which is seeded by (run seed, epoch, the batch's place in it), so that a batch is the same
// whatever came before it. Called by the thread that takes the batch: LibTorch's threads are at its
// disposal.
class BatchTransform {
 public:
  static constexpr const char* kKind = "BatchTransform";
  struct Context {};

  virtual ~BatchTransform() = default;

  // May write into the batch's tensors, which are its own. Sizes of height and width may change;
  // the number of samples stays.
  virtual void apply(Batch& batch, cv::RNG& random) const = 0;
};

}  // namespace tasuki
