#pragma once

#include <optional>

#include "tasuki/model/loss.h"

namespace acme {

// Cross entropy balanced between the few edge pixels and the many others (Xie & Tu, "Holistically-
// Nested Edge Detection", ICCV 2015, eq. 2), for labels y in 0..1 and p = sigmoid(logit):
//
//   L = -1/n  sum over valid pixels of  [ beta y log p + (1 - beta) (1 - y) log(1 - p) ]
//
// with beta = `positive_weight`, or the mean of 1 - y over the n valid pixels. logits and label:
// [N, 1, H, W]; pixels with y < 0 are left out.
inline tasuki::LossSum edge_loss(const torch::Tensor& logits, const torch::Tensor& label,
                                 std::optional<double> positive_weight) {
  const auto x = tasuki::loss_precision(logits);
  const auto valid = label.ge(0).to(x.scalar_type());
  const auto y = label.clamp_min(0).to(x.scalar_type());
  const auto pixels = valid.sum();
  const auto beta = positive_weight ? torch::full_like(pixels, *positive_weight)
                                    : ((1 - y) * valid).sum() / pixels.clamp_min(1);
  const auto log_p = torch::log_sigmoid(x), log_q = torch::log_sigmoid(-x);
  const auto sum = -((beta * y * log_p + (1 - beta) * (1 - y) * log_q) * valid).sum();
  return {sum, pixels};
}

}  // namespace acme
