#pragma once

#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/conv.h>

#include <vector>

#include "tasuki/model/norm.h"

namespace tasuki::decoders {

struct AsppOptions {
  int64_t in_channels;
  int64_t channels = 256;  // of each branch and of the output
  std::vector<int64_t> rates = {12, 24, 36};
  double dropout = 0;
  bool exact_shortcuts = true;
};

// Atrous spatial pyramid pooling: a 1x1 convolution, one dilated 3x3 convolution for each rate, and
// the image's mean through a 1x1 convolution, each with normalisation and ReLU; together
// through a 1x1 projection with normalisation, ReLU and dropout.
// Parameters as torchvision's ASPP: convs.0.0 and .1 (1x1), convs.1.0 ... (rates), convs.R.1 and .2
// (image mean, R = 1 + number of rates), project.0 and .1.
class Aspp : public torch::nn::Module {
 public:
  Aspp(const AsppOptions& options, const Norm& norm);

  // [N, in_channels, H, W] -> [N, channels, H, W]. Error (kRun) for N = 1 in training
  // under a norm of the batch: the image's mean is then one value per channel, whose batch
  // statistics do not exist.
  torch::Tensor forward(const torch::Tensor& x);

 private:
  std::vector<torch::Tensor> convolve(const torch::Tensor& x);
  torch::Tensor image_mean(const torch::Tensor& x);
  torch::Tensor project(std::vector<torch::Tensor> branches, const torch::Tensor& mean);

  AsppOptions options_;
  std::vector<torch::nn::Conv2d> convs_;  // 1x1, rates, image mean
  std::vector<NormLayer> norms_;
  torch::nn::Conv2d projection_{nullptr};
  NormLayer projection_norm_;
  bool uses_batch_;
};

}  // namespace tasuki::decoders
