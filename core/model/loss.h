#pragma once

#include <torch/types.h>

#include "tasuki/model/target_info.h"

namespace tasuki {

struct Batch;

// A loss as a fraction: what was summed, and over how much (pixels, images, class weights). Sums
// and counts of several batches, of one process or of many, are added and divided once.
struct LossSum {
  torch::Tensor sum;    // scalar of a floating type; differentiable
  torch::Tensor count;  // scalar of any type, 0 or more; no gradient goes through it

  // sum / count; 0, with zero gradient, where nothing counted. Never waits for a device. Of several
  // processes, what SharedLosses says.
  torch::Tensor mean() const;
  LossSum operator+(const LossSum& other) const { return {sum + other.sum, count + other.count}; }
};

// What a prediction is trained by. Made once a task; const and thread-safe, for it serves every
// objective of the task. The last line of a plugin:
// Example:
//   TASUKI_REGISTER(tasuki::Loss, TverskyLoss, options::TverskyLoss, "acme/TverskyLoss");
// Its constructor refuses (OptionError with field "") a task whose labels it can't be compared
// with.
class Loss {
 public:
  static constexpr const char* kKind = "Loss";
  using Context = TargetInfo;

  virtual ~Loss() = default;

  // prediction: floating [N, channels, H, W], float32 or float64 whatever the precision of the run;
  // what the task's activation makes of the logits: logits of classes, values in the label's unit,
  // unit vectors. target: int64 [N, H, W] or floating [N, C, H, W], pixels without a label marked
  // by Context::invalid, all others in the task's range, on the same device.
  // Sum and count are exactly zero, the gradient too, where no pixel has a label; never NaN for
  // finite predictions.
  virtual LossSum compute(const torch::Tensor& prediction, const torch::Tensor& target) const = 0;

  // The same, offered all of the step's batch: images, other labels, cameras, the epoch. What needs
  // them is a StepLoss.
  virtual LossSum compute_in(const Batch& /*batch*/, const torch::Tensor& prediction,
                             const torch::Tensor& target) const {
    return compute(prediction, target);
  }

  // Whether sum and count of a batch are those of its images, added: true for sums over pixels and
  // for what is computed of each image by itself. What is computed of the batch as a whole (a
  // largest error, a share of its pixels) gives something else when a batch is cut into parts.
  virtual bool splits() const { return true; }
};

// A loss that looks at more than prediction and target: edges of the image, the camera.
class StepLoss : public Loss {
 public:
  LossSum compute(const torch::Tensor& prediction, const torch::Tensor& target) const final;
  LossSum compute_in(const Batch& batch, const torch::Tensor& prediction,
                     const torch::Tensor& target) const override = 0;
};

// What losses are built of.

// Values to sum over pixels: float64 stays, all else becomes float32 (under autocast logits may be
// bfloat16, too coarse for that).
torch::Tensor loss_precision(const torch::Tensor& values);
// bool [N, H, W] for indices, [N, 1, H, W] for floating targets: pixels that are not marked
// invalid, which for several channels means that one of them differs from `invalid`: (0.7, -0.7, 0)
// is a normal.
torch::Tensor valid_pixels(const torch::Tensor& target, const TargetInfo& info);
// `values` where `valid` (of the same or a broadcastable shape), 0 elsewhere; values may be
// anything there, NaN too: only their gradients must be finite.
torch::Tensor where_valid(const torch::Tensor& values, const torch::Tensor& valid);
// Sum of `values` where `valid` (bool, same shape), and how many that are.
LossSum sum_over(const torch::Tensor& values, const torch::Tensor& valid);

}  // namespace tasuki
