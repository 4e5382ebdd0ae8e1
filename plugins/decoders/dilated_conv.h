#pragma once

#include <torch/types.h>

#include <vector>

namespace tasuki::decoders {

// Convolutions of one map with dilated 3x3 kernels, without the work on zeros.
//
// A kernel dilated by `rate` on a map of H x W touches padding with much of its multiplications: at
// rates 12, 24 and 36 on 36 x 48, 61 % of them. LibTorch's CPU convolution (oneDNN) leaves those
// out in its forward pass over channels-last maps, but not in its two backward passes, which take
// twice to seven times as long. Here all three passes are forward convolutions:
//   - the gradient of the map is the convolution of the output's gradient with the kernel turned by
//     180 degrees, its input and output channels swapped;
//   - the gradient of each tap of the kernel is a matrix product over the pixels where the shifted
//     map and the output overlap: a 1x1 convolution. Taps that lie wholly in the padding get zero.
//     Middle taps of all kernels overlap everywhere and are taken together, 1x1 kernels with them.
// The results are those of torch::conv2d up to the order of summation.

// Which backward passes are replaced.
struct ConvShortcuts {
  bool map_gradient = false;
  bool kernel_gradient = false;
};

// The part of a 3x3 kernel's multiplications that do not fall on padding, in (0, 1]:
// (H + 2 max(H - rate, 0)) / 3H, times the same for W.
double useful_part(int64_t height, int64_t width, int64_t rate);

// The faster way for this map [N, C, H, W] on the CPU; none elsewhere (cuDNN). Measured with oneDNN
// on maps of 9x12 to 36x48, 64 to 2048 channels, batches of 2 and 8:
//   - gradient of the map: from N H W = 2048 on (below, turning the kernel costs more than it
//     saves), in float32 always, in bfloat16 when useful_part < 0.8;
//   - gradient of the kernel: when useful_part < 0.85; in float32 below 1024 channels, where
//     oneDNN's own is better, when < 0.6.
ConvShortcuts choose_shortcuts(const torch::Tensor& map, int64_t rate);

// Stride 1, padding = rate, no bias. map [N, C, H, W]; kernels [K, C, 3, 3], or [K, C, 1, 1], whose
// rate is ignored; outputs [N, K, H, W]. Differentiable, twice too. Under autocast they compute in
// autocast's type, as torch::conv2d does.
std::vector<torch::Tensor> dilated_convs(const torch::Tensor& map,
                                         const std::vector<torch::Tensor>& kernels,
                                         const std::vector<int64_t>& rates,
                                         const std::vector<ConvShortcuts>& shortcuts);

// The same with choose_shortcuts for each.
std::vector<torch::Tensor> dilated_convs(const torch::Tensor& map,
                                         const std::vector<torch::Tensor>& kernels,
                                         const std::vector<int64_t>& rates);

// The type that autocast would run a convolution of `map` in, or map's own.
torch::ScalarType conv_type(const torch::Tensor& map);

}  // namespace tasuki::decoders
