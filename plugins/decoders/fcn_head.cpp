#include <torch/nn.h>

#include <algorithm>

#include "plugins/decoders/fcn_head.pb.h"
#include "tasuki/model/decoder.h"
#include "tasuki/registry/registry.h"

namespace tasuki::decoders {
namespace {

namespace nn = torch::nn;

class FCNHead : public GridDecoder {
 public:
  FCNHead(const options::FCNHead& options, const Context& context)
      : GridDecoder(context), dropout_(options.dropout()) {
    const int64_t in = context.stages.back().channels();
    const int64_t channels =
        options.has_channels() ? options.channels() : std::max<int64_t>(in / 4, 1);
    const auto conv = nn::Conv2dOptions(in, channels, 3).padding(1).bias(false);
    conv_ = register_module("0", nn::Conv2d(conv));
    norm_ = context.norm->make(channels);
    register_module("1", norm_.ptr());
    const auto classifier = nn::Conv2dOptions(channels, context.out_channels, 1);
    classifier_ = register_module("4", nn::Conv2d(classifier));
  }

  torch::Tensor forward(const Features& features) override {
    const auto hidden = norm_.forward(conv_(features.back())).relu_();
    return classifier_(last_features(torch::dropout(hidden, dropout_, is_training())));
  }

 private:
  double dropout_;
  nn::Conv2d conv_{nullptr};
  NormLayer norm_;
  nn::Conv2d classifier_{nullptr};
};

TASUKI_REGISTER(Decoder, FCNHead, options::FCNHead, "tasuki/FCNHead");

}  // namespace
}  // namespace tasuki::decoders
