#include <torch/nn.h>

#include "plugins/decoders/aspp.h"
#include "plugins/decoders/deeplab_head.pb.h"
#include "plugins/decoders/dilated_conv.h"
#include "tasuki/model/decoder.h"
#include "tasuki/registry/registry.h"

namespace tasuki::decoders {
namespace {

namespace nn = torch::nn;

AsppOptions aspp_options(const options::DeepLabHead& options, int64_t in_channels) {
  AsppOptions aspp;
  aspp.in_channels = in_channels;
  aspp.channels = options.channels();
  aspp.rates.assign(options.rates().begin(), options.rates().end());
  aspp.dropout = options.dropout();
  aspp.exact_shortcuts = options.exact_shortcuts();
  return aspp;
}

class DeepLabHead : public GridDecoder {
 public:
  DeepLabHead(const options::DeepLabHead& options, const Context& context) : GridDecoder(context) {
    const auto aspp = aspp_options(options, context.stages.back().channels());
    exact_shortcuts_ = aspp.exact_shortcuts;
    make(aspp, context);
  }

  torch::Tensor forward(const Features& features) override {
    const auto pyramid = aspp_->forward(features.back());
    return classifier_(last_features(norm_.forward(convolve(pyramid)).relu_()));
  }

 private:
  void make(const AsppOptions& options, const Context& context) {
    const int64_t channels = options.channels;
    aspp_ = register_module("0", std::make_shared<Aspp>(options, *context.norm));
    const auto conv = nn::Conv2dOptions(channels, channels, 3).padding(1).bias(false);
    conv_ = register_module("1", nn::Conv2d(conv));
    norm_ = context.norm->make(channels);
    register_module("2", norm_.ptr());
    const auto classifier = nn::Conv2dOptions(channels, context.out_channels, 1);
    classifier_ = register_module("4", nn::Conv2d(classifier));
  }

  torch::Tensor convolve(const torch::Tensor& x) {
    if (!exact_shortcuts_) return conv_(x);
    return dilated_convs(x, {conv_->weight}, {1}).front();
  }

  bool exact_shortcuts_ = true;
  std::shared_ptr<Aspp> aspp_;
  nn::Conv2d conv_{nullptr};
  NormLayer norm_;
  nn::Conv2d classifier_{nullptr};
};

TASUKI_REGISTER(Decoder, DeepLabHead, options::DeepLabHead, "tasuki/DeepLabHead");

}  // namespace
}  // namespace tasuki::decoders
