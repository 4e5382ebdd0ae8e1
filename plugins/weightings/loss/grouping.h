#pragma once

#include <torch/types.h>

namespace tasuki::weightings {

// Each of the [n] float64 numbers replaced by the mean of its group: of all ways to put them into
// at most `groups` groups the one with the least sum of squared distances to the means (k-means in
// one dimension, solved exactly). Groups of sorted numbers are neighbours, so that a dynamic
// programme finds them; all of it stays on the numbers' device. O(groups n^2).
torch::Tensor group_means(const torch::Tensor& numbers, int64_t groups);

}  // namespace tasuki::weightings
