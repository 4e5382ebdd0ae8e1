#pragma once

#include <torch/types.h>

#include <cmath>

#include "plugins/tasks/checks.h"
#include "plugins/tasks/masked_mean.h"

namespace tasuki::tasks {

// Losses of a predicted number per pixel, for depth and disparity. All take prediction and label
// [N, 1, H, W] and a bool mask `valid` of the same shape, and give a scalar: a mean over the valid
// pixels of the batch, exactly zero with zero gradient when there is none.

// Mean of |p - y|.
inline torch::Tensor l1_loss(const torch::Tensor& prediction, const torch::Tensor& label,
                             const torch::Tensor& valid) {
  return masked_mean((loss_precision(prediction) - label).abs(), valid);
}

// Mean of d^2 / 2 where |d| < 1, else |d| - 1/2, with d = p - y (Girshick, Fast R-CNN,
// arXiv:1504.08083, equation 3).
inline torch::Tensor smooth_l1_loss(const torch::Tensor& prediction, const torch::Tensor& label,
                                    const torch::Tensor& valid) {
  const auto error = (loss_precision(prediction) - label).abs();
  return masked_mean(torch::where(error < 1, error * error / 2, error - 0.5), valid);
}

// Reverse Huber (Laina et al., arXiv:1606.00373, equations 1 and 2): mean of |d| where |d| <= c,
// else (d^2 + c^2) / (2 c), with c a fifth of the largest |d| of the batch's valid pixels. c counts
// as a constant: no gradient goes through it.
inline torch::Tensor berhu_loss(const torch::Tensor& prediction, const torch::Tensor& label,
                                const torch::Tensor& valid) {
  const auto error = (loss_precision(prediction) - label).abs();
  if (error.numel() == 0) return masked_mean(error, valid);
  const auto zero = torch::zeros({}, error.options());
  const auto c = torch::where(valid, error, zero).max().detach().div(5).clamp_min(1e-6);
  return masked_mean(torch::where(error <= c, error, (error * error + c * c) / (2 * c)), valid);
}

// ln x, continued below `floor` by its tangent there: defined and increasing for every x, gradient
// at most 1 / floor.
inline torch::Tensor extended_log(const torch::Tensor& x, double floor) {
  const auto tangent = x / floor + (std::log(floor) - 1);
  return torch::where(x < floor, tangent, x.clamp_min(floor).log());
}

// Scale-invariant logarithmic error (Eigen, Puhrsch, Fergus, "Depth map prediction from a single
// image using a multi-scale deep network", NIPS 2014, equation 4): mean of d^2 - lambda (mean d)^2
// with d = ln p - ln y; the means are over the batch, and ln p is extended_log(p, floor).
inline torch::Tensor silog_loss(const torch::Tensor& prediction, const torch::Tensor& label,
                                const torch::Tensor& valid, double lambda, double floor) {
  const auto one = torch::ones({}, label.options());
  const auto difference =
      extended_log(loss_precision(prediction), floor) - torch::where(valid, label, one).log();
  return masked_mean(difference * difference, valid) -
         lambda * masked_mean(difference, valid).square();
}

}  // namespace tasuki::tasks
