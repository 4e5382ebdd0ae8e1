#pragma once

#include <torch/nn/modules/container/any.h>

#include <cstdint>
#include <memory>

namespace tasuki {

// A layer that normalises maps: called with [N, C, h, w], gives the same shape. Its module, ptr(),
// is registered where the published layout has it:
//   norm_ = context.norm->make(64);
//   register_module("bn1", norm_.ptr());
//   ... norm_.forward(x) ...
using NormLayer = torch::nn::AnyModule;

// How encoders and decoders make their normalisation layers: one choice for the whole model
// (model.norm). The type of a layer's module says Norm, so that weight decay finds its parameters
// (parameter_kind).
class Norm {
 public:
  static constexpr const char* kKind = "Norm";
  struct Context {};

  virtual ~Norm() = default;

  // A fresh layer. OptionError where there can be none for so many channels.
  virtual NormLayer make(int64_t channels) const = 0;
  // Whether a layer that trains normalises by statistics of its batch, which one value per channel
  // does not have.
  virtual bool uses_batch() const { return false; }
};

// Batch normalisation as LibTorch has it by itself: where the config has no model.norm.
std::shared_ptr<const Norm> default_norm();

}  // namespace tasuki
