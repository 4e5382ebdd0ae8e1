#include <torch/torch.h>

#include "acme/two_branch.pb.h"
#include "tasuki/model/encoder.h"
#include "tasuki/registry/registry.h"

namespace acme {
namespace {

namespace nn = torch::nn;
using tasuki::FeatureMaps;

// Convolution, the config's normalisation, ReLU.
struct ConvNorm : nn::Module {
  ConvNorm(int64_t in, int64_t out, int64_t stride, const tasuki::Norm& make_norm)
      : norm(make_norm.make(out)) {
    const auto options = nn::Conv2dOptions(in, out, 3).stride(stride).padding(1).bias(false);
    conv = register_module("conv", nn::Conv2d(options));
    register_module("bn", norm.ptr());
  }
  torch::Tensor forward(const torch::Tensor& x) { return norm.forward(conv(x)).relu_(); }

  nn::Conv2d conv{nullptr};
  tasuki::NormLayer norm;
};

torch::Tensor enlarged(const torch::Tensor& x, const torch::Tensor& like) {
  return torch::upsample_nearest2d(x, like.sizes().slice(2));
}

class StemStage : public tasuki::GridStage {
 public:
  StemStage(int64_t width, const tasuki::Norm& norm) {
    first_ = register_module("first", std::make_shared<ConvNorm>(3, width, 2, norm));
    second_ = register_module("second", std::make_shared<ConvNorm>(width, width, 2, norm));
  }
  torch::Tensor forward(const torch::Tensor& x) override {
    return second_->forward(first_->forward(x));
  }

 private:
  std::shared_ptr<ConvNorm> first_, second_;
};

// One map -> itself and a coarser one.
class SplitStage : public tasuki::Stage {
 public:
  SplitStage(int64_t width, const tasuki::Norm& norm) {
    fine_ = register_module("fine", std::make_shared<ConvNorm>(width, width, 1, norm));
    coarse_ = register_module("coarse", std::make_shared<ConvNorm>(width, 2 * width, 2, norm));
  }
  FeatureMaps forward(FeatureMaps in) override {
    const auto& x = in[0].tensor;
    return {{fine_->forward(x)}, {coarse_->forward(x)}};
  }

 private:
  std::shared_ptr<ConvNorm> fine_, coarse_;
};

// Each branch goes on with the other one's map added to its own.
class FuseStage : public tasuki::Stage {
 public:
  FuseStage(int64_t width, const tasuki::Norm& norm) {
    up_ = register_module("up", std::make_shared<ConvNorm>(2 * width, width, 1, norm));
    down_ = register_module("down", std::make_shared<ConvNorm>(width, 2 * width, 2, norm));
  }
  FeatureMaps forward(FeatureMaps in) override {
    const auto &fine = in[0].tensor, &coarse = in[1].tensor;
    return {{fine + enlarged(up_->forward(coarse), fine)}, {coarse + down_->forward(fine)}};
  }

 private:
  std::shared_ptr<ConvNorm> up_, down_;
};

// Both branches at the fine one's resolution: what a head on one map takes.
class MergeStage : public tasuki::Stage {
 public:
  FeatureMaps forward(FeatureMaps in) override {
    return {{torch::cat({in[0].tensor, enlarged(in[1].tensor, in[0].tensor)}, 1)}};
  }
};

class TwoBranch : public tasuki::Encoder {
 public:
  TwoBranch(const options::TwoBranch& options, const Context& context)
      : width_(options.width()), norm_(context.norm) {
    tasuki::require_option(width_ > 0, "width", "must be at least 1");
    stages_ = {{"stem", "", width_, 4},
               {"split", "split.", {{width_, 4}, {2 * width_, 8}}},
               {"fuse", "fuse.", {{width_, 4}, {2 * width_, 8}}},
               {"merge", "merge.", 3 * width_, 4}};
  }

  const std::vector<tasuki::StageInfo>& stages() const override { return stages_; }
  std::shared_ptr<tasuki::Stage> make_stage(size_t index) const override {
    if (index == 0) return std::make_shared<StemStage>(width_, *norm_);
    if (index == 1) return std::make_shared<SplitStage>(width_, *norm_);
    if (index == 2) return std::make_shared<FuseStage>(width_, *norm_);
    return std::make_shared<MergeStage>();
  }

 private:
  int64_t width_;
  std::shared_ptr<const tasuki::Norm> norm_;
  std::vector<tasuki::StageInfo> stages_;
};

TASUKI_REGISTER(tasuki::Encoder, TwoBranch, options::TwoBranch, "acme/TwoBranch");

}  // namespace
}  // namespace acme
