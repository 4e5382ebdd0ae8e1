#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

namespace tasuki::norms {

// Batch normalisation by the statistics of the batch that all processes have together: between
// steps, in evaluation and in one process it does what torch::nn::BatchNorm2d does, whose names its
// tensors have. In a step of several
// (SharedLosses says which) each adds its counts, sums and squares to those of the others, one sum
// in float64 of 2 C + 1 numbers in the forward pass and one of 2 C in the backward pass, so that
// all of them have the same running statistics. A process without a part in the batch counts for
// nothing. The gradient is that of the whole batch under the mean over processes, as SharedLosses
// has it. No gradient of gradients.
//
// Example:
//   auto norm = std::make_shared<SyncBatchNorm2d>(64, /*momentum=*/0.1, /*eps=*/1e-5);
//   const auto y = norm->forward(x);  // [N, 64, h, w]
class SyncBatchNorm2d : public torch::nn::Module {
 public:
  SyncBatchNorm2d(int64_t channels, double momentum, double eps);

  torch::Tensor forward(const torch::Tensor& x);

 private:
  double momentum_, eps_;
  torch::Tensor weight_, bias_;                          // [C]
  torch::Tensor mean_, variance_, num_batches_tracked_;  // running: [C], [C], scalar int64
};

}  // namespace tasuki::norms
