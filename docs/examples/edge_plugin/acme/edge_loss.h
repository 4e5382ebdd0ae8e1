#pragma once

#include <torch/types.h>

#include <optional>

namespace acme {

// Cross entropy balanced between the few edge pixels and the many others (Xie & Tu, "Holistically-
// Nested Edge Detection", ICCV 2015, eq. 2), for labels y in 0..1 and p = sigmoid(logit):
//
//   L = -1/n  sum over valid pixels of  [ beta y log p + (1 - beta) (1 - y) log(1 - p) ]
//
// with beta = `positive_weight`, or the mean of 1 - y over the n valid pixels. logits and label:
// [N, 1, H, W]; pixels with y < 0 are left out; zero, with zero gradient, when no pixel is valid.
inline torch::Tensor edge_loss(const torch::Tensor& logits, const torch::Tensor& label,
                               std::optional<double> positive_weight) {
  const auto type = logits.scalar_type() == torch::kDouble ? torch::kDouble : torch::kFloat;
  const auto valid = label.ge(0).to(type);
  const auto y = label.clamp_min(0).to(type);
  const auto pixels = valid.sum().clamp_min(1);
  const auto beta = positive_weight ? torch::full_like(pixels, *positive_weight)
                                    : ((1 - y) * valid).sum() / pixels;
  const auto log_p = torch::log_sigmoid(logits.to(type));
  const auto log_q = torch::log_sigmoid(-logits.to(type));
  return -((beta * y * log_p + (1 - beta) * (1 - y) * log_q) * valid).sum() / pixels;
}

}  // namespace acme
