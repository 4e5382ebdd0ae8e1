#include "plugins/decoders/aspp.h"

#include <torch/nn.h>

#include <string>

#include "plugins/decoders/dilated_conv.h"
#include "tasuki/error/error.h"

namespace tasuki::decoders {

namespace nn = torch::nn;

Aspp::Aspp(const AsppOptions& options, const Norm& norm)
    : options_(options), uses_batch_(norm.uses_batch()) {
  const int64_t in = options.in_channels, out = options.channels;
  auto branches = register_module("convs", std::make_shared<nn::Module>("convs"));
  const auto add = [&](const nn::Conv2dOptions& conv, int64_t first) {
    auto branch = std::make_shared<nn::Module>("branch");
    branches->register_module(std::to_string(convs_.size()), branch);
    convs_.push_back(branch->register_module(std::to_string(first), nn::Conv2d(conv)));
    norms_.push_back(norm.make(out));
    branch->register_module(std::to_string(first + 1), norms_.back().ptr());
  };
  const auto pointwise = nn::Conv2dOptions(in, out, 1).bias(false);
  add(pointwise, 0);
  for (const int64_t rate : options.rates) {
    add(nn::Conv2dOptions(in, out, 3).dilation(rate).padding(rate).bias(false), 0);
  }
  add(pointwise, 1);
  auto project = register_module("project", std::make_shared<nn::Module>("project"));
  const int64_t joined = out * static_cast<int64_t>(convs_.size());
  projection_ =
      project->register_module("0", nn::Conv2d(nn::Conv2dOptions(joined, out, 1).bias(false)));
  projection_norm_ = norm.make(out);
  project->register_module("1", projection_norm_.ptr());
}

torch::Tensor Aspp::forward(const torch::Tensor& x) {
  auto branches = convolve(x);
  for (size_t i = 0; i < branches.size(); ++i) branches[i] = norms_[i].forward(branches[i]).relu_();
  const auto y = projection_norm_.forward(project(std::move(branches), image_mean(x))).relu_();
  return torch::dropout(y, options_.dropout, is_training());
}

std::vector<torch::Tensor> Aspp::convolve(const torch::Tensor& x) {
  std::vector<torch::Tensor> kernels, outputs;
  for (size_t i = 0; i + 1 < convs_.size(); ++i) {
    if (options_.exact_shortcuts) {
      kernels.push_back(convs_[i]->weight);
    } else {
      outputs.push_back(convs_[i](x));
    }
  }
  if (!options_.exact_shortcuts) return outputs;
  std::vector<int64_t> rates{1};
  rates.insert(rates.end(), options_.rates.begin(), options_.rates.end());
  return dilated_convs(x, kernels, rates);
}

torch::Tensor Aspp::image_mean(const torch::Tensor& x) {
  if (uses_batch_ && is_training() && x.size(0) == 1) {
    throw Error(ErrorKind::kRun,
                "DeepLabHead: a batch of one image in training has no batch statistics for the "
                "image pooling branch; use a batch size of at least 2 and leave out a smaller last "
                "batch (data.loader: batch_size, drop_last), or another model.norm");
  }
  return norms_.back().forward(convs_.back()(x.mean({2, 3}, /*keepdim=*/true))).relu_();
}

// The projection is linear: what the mean, the same at every pixel, adds to it is computed once per
// image instead of once per pixel.
torch::Tensor Aspp::project(std::vector<torch::Tensor> branches, const torch::Tensor& mean) {
  if (!options_.exact_shortcuts) {
    branches.push_back(mean.expand_as(branches.front()));
    return projection_(torch::cat(branches, 1));
  }
  const int64_t channels = options_.channels,
                maps = channels * (projection_->weight.size(1) / channels - 1);
  const auto& weight = projection_->weight;
  return torch::conv2d(torch::cat(branches, 1), weight.narrow(1, 0, maps)) +
         torch::conv2d(mean, weight.narrow(1, maps, channels));
}

}  // namespace tasuki::decoders
