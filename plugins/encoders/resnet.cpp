#include <array>
#include <map>
#include <string>
#include <vector>

#include "plugins/encoders/resnet.pb.h"
#include "plugins/encoders/resnet_stages.h"
#include "tasuki/model/encoder.h"
#include "tasuki/registry/registry.h"

namespace tasuki::encoders {
namespace {

struct Design {
  bool bottleneck;
  std::array<int64_t, 4> blocks;  // of layer1..layer4
};

// Table 1 of the paper.
Design design_of(uint32_t depth) {
  static const std::map<uint32_t, Design> kDesigns = {{18, {false, {2, 2, 2, 2}}},
                                                      {34, {false, {3, 4, 6, 3}}},
                                                      {50, {true, {3, 4, 6, 3}}},
                                                      {101, {true, {3, 4, 23, 3}}}};
  return kDesigns.at(depth);
}

// A stage whose stride would pass the output stride keeps its resolution; the convolutions after
// its strided one are dilated by the stride that was left out. The result, at every n-th pixel, is
// what the undilated network computes with the same weights (torchvision's
// replace_stride_with_dilation, here for basic blocks too).
std::vector<LayerShape> layer_shapes(const Design& design, uint32_t layers, int64_t output_stride) {
  std::vector<LayerShape> shapes;
  int64_t channels = 64, stride = 4, dilation = 1;
  for (size_t i = 0; i < layers; ++i) {
    LayerShape shape{design.bottleneck,
                     design.blocks[i],
                     channels,
                     int64_t{64} << i,
                     i == 0 ? int64_t{1} : int64_t{2},
                     dilation,
                     dilation};
    if (stride * shape.stride > output_stride) {
      shape.next_dilation = dilation * shape.stride;
      shape.stride = 1;
    }
    stride *= shape.stride;
    dilation = shape.next_dilation;
    channels = shape.out_channels();
    shapes.push_back(shape);
  }
  return shapes;
}

class ResNet : public Encoder {
 public:
  ResNet(const options::ResNet& options, const Context& context)
      : pretrained_(options.pretrained()), norm_(context.norm) {
    const uint32_t output_stride = options.output_stride();
    const uint32_t layers = options.layers();
    require_option(output_stride <= 4u << (layers - 1), "output_stride",
                   std::to_string(output_stride) + " needs more than " + std::to_string(layers) +
                       " layers, whose last has at most stride " +
                       std::to_string(4u << (layers - 1)));
    layers_ = layer_shapes(design_of(options.depth()), layers, output_stride);
    stages_.push_back({"stem", "", 64, 4});
    for (const auto& layer : layers_) {
      const std::string name = "layer" + std::to_string(stages_.size());
      const int64_t stride = stages_.back().stride() * layer.stride;
      stages_.push_back({name, name + ".", layer.out_channels(), stride});
    }
  }

  const std::vector<StageInfo>& stages() const override { return stages_; }

  std::shared_ptr<Stage> make_stage(size_t index) const override {
    return index == 0 ? make_stem(*norm_) : make_layer(layers_.at(index - 1), *norm_);
  }

  std::string pretrained() const override { return pretrained_; }

  bool leaves_out(const std::string& tensor) const override {
    const auto is_of = [&](const std::string& part) { return tensor.rfind(part + ".", 0) == 0; };
    for (size_t layer = layers_.size() + 1; layer <= 4; ++layer) {
      if (is_of("layer" + std::to_string(layer))) return true;
    }
    return is_of("fc");
  }

 private:
  std::string pretrained_;
  std::shared_ptr<const Norm> norm_;
  std::vector<LayerShape> layers_;
  std::vector<StageInfo> stages_;
};

TASUKI_REGISTER(Encoder, ResNet, options::ResNet, "tasuki/ResNet");

}  // namespace
}  // namespace tasuki::encoders
