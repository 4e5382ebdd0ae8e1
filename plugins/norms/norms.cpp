#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/normalization.h>
#include <torch/torch.h>

#include <cmath>

#include "plugins/norms/norms.pb.h"
#include "plugins/norms/sync_batch_norm.h"
#include "tasuki/model/norm.h"
#include "tasuki/registry/registry.h"

namespace tasuki::norms {
namespace {

namespace nn = torch::nn;

class BatchNorm : public Norm {
 public:
  explicit BatchNorm(const options::BatchNorm& options)
      : momentum_(options.momentum()), eps_(options.eps()) {}

  NormLayer make(int64_t channels) const override {
    return NormLayer(
        nn::BatchNorm2d(nn::BatchNorm2dOptions(channels).momentum(momentum_).eps(eps_)));
  }
  bool uses_batch() const override { return true; }

 private:
  double momentum_, eps_;
};

class SyncBatchNorm : public Norm {
 public:
  explicit SyncBatchNorm(const options::SyncBatchNorm& options)
      : momentum_(options.momentum()), eps_(options.eps()) {}

  NormLayer make(int64_t channels) const override {
    return NormLayer(std::make_shared<SyncBatchNorm2d>(channels, momentum_, eps_));
  }
  bool uses_batch() const override { return true; }

 private:
  double momentum_, eps_;
};

// All of it are buffers, of batch normalisation's names: no optimiser sees them.
class FrozenBatchNorm2d : public nn::Module {
 public:
  FrozenBatchNorm2d(int64_t channels, double eps) : eps_(eps) {
    weight_ = register_buffer("weight", torch::ones({channels}));
    bias_ = register_buffer("bias", torch::zeros({channels}));
    mean_ = register_buffer("running_mean", torch::zeros({channels}));
    variance_ = register_buffer("running_var", torch::ones({channels}));
    register_buffer("num_batches_tracked", torch::zeros({}, torch::kInt64));
  }

  torch::Tensor forward(const torch::Tensor& x) {
    return torch::batch_norm(x, weight_, bias_, mean_, variance_, /*training=*/false,
                             /*momentum=*/0, eps_, torch::globalContext().userEnabledCuDNN());
  }

 private:
  double eps_;
  torch::Tensor weight_, bias_, mean_, variance_;
};

class FrozenBatchNorm : public Norm {
 public:
  explicit FrozenBatchNorm(const options::FrozenBatchNorm& options) : eps_(options.eps()) {}
  NormLayer make(int64_t channels) const override {
    return NormLayer(std::make_shared<FrozenBatchNorm2d>(channels, eps_));
  }

 private:
  double eps_;
};

class GroupNorm : public Norm {
 public:
  explicit GroupNorm(const options::GroupNorm& options)
      : groups_(options.groups()), eps_(options.eps()) {}

  NormLayer make(int64_t channels) const override {
    require_option(channels % groups_ == 0, "groups",
                   std::to_string(groups_) + " is no divisor of the " + std::to_string(channels) +
                       " channels of a layer");
    return NormLayer(nn::GroupNorm(nn::GroupNormOptions(groups_, channels).eps(eps_)));
  }

 private:
  int64_t groups_;
  double eps_;
};

TASUKI_REGISTER(Norm, BatchNorm, options::BatchNorm, "tasuki/BatchNorm");
TASUKI_REGISTER(Norm, SyncBatchNorm, options::SyncBatchNorm, "tasuki/SyncBatchNorm");
TASUKI_REGISTER(Norm, FrozenBatchNorm, options::FrozenBatchNorm, "tasuki/FrozenBatchNorm");
TASUKI_REGISTER(Norm, GroupNorm, options::GroupNorm, "tasuki/GroupNorm");

}  // namespace
}  // namespace tasuki::norms
