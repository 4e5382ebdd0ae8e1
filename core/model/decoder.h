#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <string>
#include <vector>

#include "core/model/encoder.h"

namespace tasuki {

// Outputs of all stages along one route, from the first to the last: [N, C_i, H_i, W_i].
using Features = std::vector<torch::Tensor>;

// Features -> logits of one objective.
class Decoder : public torch::nn::Module {
 public:
  static constexpr const char* kKind = "Decoder";
  struct Context {
    std::vector<StageInfo> stages;  // what the features will be
    int64_t out_channels = 1;
  };

  // [N, out_channels, h, w] at a resolution of the decoder's choice; the model enlarges it to the
  // image's.
  virtual torch::Tensor forward(const Features& features) = 0;

  // Where the next forward passes leave the input of their last layer; nullptr: nowhere.
  void keep_last_features(torch::Tensor* last) { last_ = last; }

 protected:
  // What forward() gives its last layer: it passes it through this, for weightings that look at it.
  torch::Tensor last_features(torch::Tensor features) const {
    if (last_ != nullptr) *last_ = features;
    return features;
  }

 private:
  torch::Tensor* last_ = nullptr;
};

}  // namespace tasuki
