#pragma once

#include <torch/nn/modules/batchnorm.h>

namespace tasuki::norms {

// Batch normalisation by the statistics of the batch that all processes have together: between
// steps, in evaluation and in one process it is torch::nn::BatchNorm2d itself. In a step of several
// (SharedLosses says which) each adds its counts, sums and squares to those of the others, one sum
// in float64 of 2 C + 1 numbers in the forward pass and one of 2 C in the backward pass, so that
// all of them have the same running statistics. A process without a part in the batch counts for
// nothing. The gradient is that of the whole batch under the mean over processes, as SharedLosses
// has it. No gradient of gradients.
//
// Example:
//   auto norm = std::make_shared<SyncBatchNorm2d>(torch::nn::BatchNormOptions(64));
//   const auto y = norm->forward(x);  // [N, 64, h, w]
class SyncBatchNorm2d : public torch::nn::BatchNormImplBase<2, SyncBatchNorm2d> {
 public:
  using BatchNormImplBase::BatchNormImplBase;

  torch::Tensor forward(const torch::Tensor& x);

 protected:
  void _check_input_dim(const torch::Tensor& x) override;
};

}  // namespace tasuki::norms
