#pragma once

#include <torch/torch.h>

#include <vector>

namespace tasuki::weightings {

// Whether the sign that objectives agree on is +, drawn for each element: with the probability
//   P = (1 + sum_i g_i / sum_i |g_i|) / 2
// rows: [n, ...], the g_i; uniform: [...], numbers in [0, 1). False where all g_i are 0.
inline torch::Tensor draw_signs(const torch::Tensor& rows, const torch::Tensor& uniform) {
  const auto above = rows.clamp_min(0).sum(0), below = rows.clamp_max(0).sum(0);
  // uniform < P without the division: P = above / (above - below), and no 0 / 0.
  return uniform * (above - below) < above;
}

// sum_i (leak_i + (1 - leak_i) M_i) g_i, M_i = 1 where g_i has the sign drawn, else 0. What
// survives in an element is the sum of all that is positive there or of all that is negative: no
// mask per objective is needed. leaks: [n]; undefined: 0 for all.
inline torch::Tensor drop_signs(const torch::Tensor& rows, const torch::Tensor& positive,
                                const torch::Tensor& leaks) {
  const auto above = rows.clamp_min(0), below = rows.clamp_max(0);
  torch::Tensor survives;
  if (leaks.defined()) {
    const auto kept = 1 - leaks;
    survives = torch::where(positive, torch::matmul(kept, above), torch::matmul(kept, below));
    survives += torch::matmul(leaks, rows);
  } else {
    survives = torch::where(positive, above.sum(0), below.sum(0));
  }
  // An infinite sum is not dropped for the other one: the step has to be seen to be bad.
  const auto spread = above.sum(0) - below.sum(0);
  return torch::where(spread.isfinite(), survives, spread);
}

// What an objective's gradient on features [B, ...] says of each element of a map, [...]: summed
// over the batch in the direction in which the features grow in magnitude.
inline torch::Tensor feature_vote(const torch::Tensor& features, const torch::Tensor& gradient) {
  return (gradient * features.sign()).sum(0);
}

// sum_i (leak + (1 - leak) M_i) g_i, [B, ...], M_i = 1 where the vote of objective i has the sign
// drawn, else 0. gradients: the g_i, [B, ...] each; votes: [n, ...].
inline torch::Tensor drop_in_features(const std::vector<torch::Tensor>& gradients,
                                      const torch::Tensor& votes, const torch::Tensor& positive,
                                      double leak) {
  auto sum = torch::zeros_like(gradients[0], gradients[0].options().dtype(votes.scalar_type()));
  for (size_t i = 0; i < gradients.size(); ++i) {
    const auto vote = votes[int64_t(i)];
    const auto stays = torch::where(positive, vote > 0, vote < 0).to(votes.scalar_type());
    // What is not finite is not dropped: the step has to be seen to be bad.
    const auto share = torch::where(vote.isfinite(), leak + (1 - leak) * stays, vote);
    sum.addcmul_(gradients[i].to(votes.scalar_type()), share.expand_as(sum));
  }
  return sum;
}

}  // namespace tasuki::weightings
