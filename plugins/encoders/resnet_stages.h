#pragma once

#include <cstdint>
#include <memory>

#include "tasuki/model/encoder.h"

namespace tasuki::encoders {

// What one of layer1..layer4 is made of.
struct LayerShape {
  bool bottleneck;        // 1x1, 3x3, 1x1 with four times the width out; otherwise two 3x3
  int64_t blocks;         // number of residual blocks
  int64_t in_channels;    // of the layer's input
  int64_t width;          // channels of the 3x3 convolutions
  int64_t stride;         // of the layer
  int64_t dilation;       // of the layer's strided convolution, and of all before it
  int64_t next_dilation;  // of what follows it: dilation, times a stride that was replaced

  int64_t out_channels() const { return bottleneck ? 4 * width : width; }
};

// conv1 (7x7, stride 2), bn1, ReLU, 3x3 max-pooling with stride 2: [N,3,H,W] -> [N,64,H/4,W/4].
std::shared_ptr<Stage> make_stem(const Norm& norm);

// Residual blocks named "0", "1", ..., each with conv1, bn1, conv2, bn2, (conv3, bn3) and, where
// the shape changes, downsample.0 and .1. A stride belongs to the first 3x3 convolution of the
// first block ("ResNet v1.5", as torchvision).
std::shared_ptr<Stage> make_layer(const LayerShape& shape, const Norm& norm);

}  // namespace tasuki::encoders
