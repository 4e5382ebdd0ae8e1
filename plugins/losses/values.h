#pragma once

#include <torch/types.h>

#include <string>

#include "tasuki/model/loss.h"

namespace tasuki::losses {

// OptionError unless labels are numbers or vectors of as many components as the prediction (of
// exactly, or at least, so many); `loss` is named.
void require_values(const TargetInfo& target, const std::string& loss);
void require_one_number(const TargetInfo& target, const std::string& loss);
void require_vectors(const TargetInfo& target, const std::string& loss, int64_t least,
                     int64_t most);

// Sum over components, [N, C, H, W] -> [N, 1, H, W].
torch::Tensor over_components(const torch::Tensor& values);

// ln x, continued below `floor` by its tangent there: defined and increasing for every x, gradient
// at most 1 / floor.
torch::Tensor extended_log(const torch::Tensor& x, double floor);

// ln p - ln y where `valid`, something finite elsewhere; ln p is extended_log(p, floor), y more
// than 0 where valid.
torch::Tensor log_difference(const torch::Tensor& prediction, const torch::Tensor& target,
                             const torch::Tensor& valid, double floor);

// Sums of [N, ...]: one for each image [N], or one of all [1].
torch::Tensor group_sums(const torch::Tensor& values, bool by_image);

}  // namespace tasuki::losses
