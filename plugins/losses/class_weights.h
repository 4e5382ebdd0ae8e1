#pragma once

#include <google/protobuf/repeated_field.h>
#include <torch/types.h>

#include <mutex>
#include <string>

#include "tasuki/model/loss.h"

namespace tasuki::losses {

// OptionError unless the task's labels are class indices; `loss` is named.
void require_classes(const TargetInfo& target, const std::string& loss);

// A weight for each class, or none.
class ClassWeights {
 public:
  // OptionError at "class_weight" unless there are none, or as many as classes, finite, 0 or more
  // and not all 0.
  ClassWeights(const google::protobuf::RepeatedField<float>& weights, const TargetInfo& target);

  // [C] of the type and on the device of `like`; undefined where all classes weigh the same.
  torch::Tensor like(const torch::Tensor& like) const;
  // What the pixels of `target` (int64 [N, H, W], -1 where invalid) that `counted` holds (bool, the
  // same shape) weigh together: their number, or the sum of their classes' weights in the type of
  // `like`.
  torch::Tensor count(const torch::Tensor& target, const torch::Tensor& counted,
                      const torch::Tensor& like) const;

 private:
  torch::Tensor weights_;  // float64 [C] on the CPU, or undefined
  mutable std::mutex mutex_;
  mutable torch::Tensor last_;  // what like() made, so that it is copied to a device once
};

// Per pixel [N, H, W]: -ln p of the pixel's class, 0 where the target is invalid. logits [N, C, H,
// W].
torch::Tensor pixel_cross_entropy(const torch::Tensor& logits, const torch::Tensor& target,
                                  const torch::Tensor& weights = {});

// What a loss that is no sum over pixels is computed of. Each image by itself: [N, C, H, W] ->
// [N, C, H W], or the batch as one: -> [1, C, N H W]. Targets [N, H, W] -> [N, H W] or [1, N H W].
torch::Tensor logit_groups(const torch::Tensor& logits, bool by_image);
torch::Tensor target_groups(const torch::Tensor& target, bool by_image);

}  // namespace tasuki::losses
