#pragma once

#include <torch/types.h>

#include "plugins/tasks/checks.h"
#include "plugins/tasks/masked_mean.h"

namespace tasuki::tasks {

// Vectors shorter than this are divided by it instead of by their length: a zero vector stays zero,
// and gradients are at most 1 / kShortestNormal times the incoming ones.
inline constexpr double kShortestNormal = 1e-4;

// x [N, 3, H, W] -> x / max(|x|, kShortestNormal) per pixel.
inline torch::Tensor unit_vectors(const torch::Tensor& x) {
  const auto square = x.square().sum(1, /*keepdim=*/true);
  return x * square.clamp_min(kShortestNormal * kShortestNormal).rsqrt();
}

// label [N, 3, H, W] -> bool [N, 1, H, W]: the vector is not zero. (The sum of the components says
// nothing: (0.7, -0.7, 0) is a normal.)
inline torch::Tensor valid_normals(const torch::Tensor& label) {
  return label.ne(0).any(1, /*keepdim=*/true);
}

// The losses take logits and label [N, 3, H, W]; n = unit_vectors(logits). They are means over the
// valid pixels of the batch, exactly zero with zero gradient when there is none.

// Mean of |n_x - y_x| + |n_y - y_y| + |n_z - y_z|: a sum over components and a mean over pixels, as
// in the reference set-up.
inline torch::Tensor normals_l1_loss(const torch::Tensor& logits, const torch::Tensor& label) {
  const auto error = (unit_vectors(loss_precision(logits)) - label).abs().sum(1, true);
  return masked_mean(error, valid_normals(label));
}

// Mean of 1 - n . y.
inline torch::Tensor normals_cosine_loss(const torch::Tensor& logits, const torch::Tensor& label) {
  const auto cosine = (unit_vectors(loss_precision(logits)) * label).sum(1, true);
  return masked_mean(1 - cosine, valid_normals(label));
}

}  // namespace tasuki::tasks
