#include "plugins/encoders/resnet_stages.h"

#include <torch/nn.h>

#include <string>
#include <utility>
#include <vector>

namespace tasuki::encoders {
namespace {

namespace nn = torch::nn;

struct ConvShape {
  int64_t in, out, kernel;
  int64_t stride = 1;
  int64_t dilation = 1;
};

nn::Conv2d make_conv(const ConvShape& shape) {
  nn::Conv2d conv(nn::Conv2dOptions(shape.in, shape.out, shape.kernel)
                      .stride(shape.stride)
                      .dilation(shape.dilation)
                      .padding(shape.dilation * (shape.kernel - 1) / 2)
                      .bias(false));
  nn::init::kaiming_normal_(conv->weight, 0.0, torch::kFanOut, torch::kReLU);
  return conv;
}

// conv1, bn1, conv2, bn2, ... with a ReLU after all but the last, added to the (projected) input.
class Block : public nn::Module {
 public:
  Block(const std::vector<ConvShape>& shapes, int64_t stride, const Norm& norm) {
    for (size_t i = 0; i < shapes.size(); ++i) {
      const std::string number = std::to_string(i + 1);
      convs_.push_back(register_module("conv" + number, make_conv(shapes[i])));
      norms_.push_back(norm.make(shapes[i].out));
      register_module("bn" + number, norms_.back().ptr());
    }
    const int64_t in = shapes.front().in, out = shapes.back().out;
    if (stride != 1 || in != out) {
      downsample_ = register_module("downsample", nn::Sequential(make_conv({in, out, 1, stride})));
      downsample_->push_back(norm.make(out));
    }
  }

  // The ReLUs and the sum reuse their input's memory: normalisation keeps what it was given, not
  // what it gave.
  torch::Tensor forward(const torch::Tensor& x) {
    torch::Tensor y = x;
    for (size_t i = 0; i < convs_.size(); ++i) {
      y = norms_[i].forward(convs_[i](y));
      if (i + 1 < convs_.size()) y = y.relu_();
    }
    y += downsample_.is_empty() ? x : downsample_->forward(x);
    return y.relu_();
  }

 private:
  std::vector<nn::Conv2d> convs_;
  std::vector<NormLayer> norms_;
  nn::Sequential downsample_{nullptr};
};

class Stem : public GridStage {
 public:
  explicit Stem(const Norm& norm)
      : conv_(register_module("conv1", make_conv({3, 64, 7, 2}))), norm_(norm.make(64)) {
    register_module("bn1", norm_.ptr());
  }

  torch::Tensor forward(const torch::Tensor& x) override {
    return torch::max_pool2d(norm_.forward(conv_(x)).relu_(), 3, 2, 1);
  }

 private:
  nn::Conv2d conv_;
  NormLayer norm_;
};

class Layer : public GridStage {
 public:
  Layer(const LayerShape& shape, const Norm& norm) {
    for (int64_t i = 0; i < shape.blocks; ++i) {
      const int64_t stride = i == 0 ? shape.stride : 1;
      auto block = std::make_shared<Block>(convolutions(shape, i == 0), stride, norm);
      blocks_.push_back(register_module(std::to_string(i), std::move(block)));
    }
  }

  torch::Tensor forward(const torch::Tensor& x) override {
    torch::Tensor y = x;
    for (auto& block : blocks_) y = block->forward(y);
    return y;
  }

 private:
  static std::vector<ConvShape> convolutions(const LayerShape& s, bool first) {
    const int64_t in = first ? s.in_channels : s.out_channels();
    const ConvShape spatial{s.bottleneck ? s.width : in, s.width, 3, first ? s.stride : 1,
                            first ? s.dilation : s.next_dilation};
    if (!s.bottleneck) return {spatial, {s.width, s.width, 3, 1, s.next_dilation}};
    return {{in, s.width, 1}, spatial, {s.width, s.out_channels(), 1}};
  }

  std::vector<std::shared_ptr<Block>> blocks_;
};

}  // namespace

std::shared_ptr<Stage> make_stem(const Norm& norm) {
  return std::make_shared<Stem>(norm);
}

std::shared_ptr<Stage> make_layer(const LayerShape& shape, const Norm& norm) {
  return std::make_shared<Layer>(shape, norm);
}

}  // namespace tasuki::encoders
