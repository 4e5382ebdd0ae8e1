#pragma once

#include <torch/types.h>

namespace tasuki::decoders {

// Copies a matrix into another of the same shape and element type, as `to.copy_(from)` does, but in
// tiles that stay in the cache when one has its rows and the other its columns in memory order
// (LibTorch 1.13 takes three to four times as long for that). Both 2-dimensional, on the CPU, of
// a type of 2, 4 or 8 bytes, without gradients.
void copy_transposed(const torch::Tensor& from, const torch::Tensor& to);

}  // namespace tasuki::decoders
