#pragma once

#include <torch/types.h>

#include <memory>
#include <string>
#include <vector>

#include <torch/nn/module.h>

namespace tasuki {

// One part of an encoder, a module of its own so that routes can have copies of it.
class Stage : public torch::nn::Module {
 public:
  // [N, C_in, H, W] -> [N, channels, H / s, W / s], s the ratio of this stage's stride to the last.
  virtual torch::Tensor forward(const torch::Tensor& x) = 0;
};

struct StageInfo {
  std::string name;    // "stem", "layer1", ...: unique
  std::string prefix;  // of its tensors in the published layout: "" for the stem, "layer1."
  int64_t channels;    // of its output
  int64_t stride;      // image pixels per output pixel
};

// A recipe for the shared trunk of all routes: how an architecture makes the stages, as often as it
// needs them.
class Encoder {
 public:
  static constexpr const char* kKind = "Encoder";
  struct Context {};

  virtual ~Encoder() = default;

  // From the image on.
  virtual const std::vector<StageInfo>& stages() const = 0;
  // A fresh stage with weights drawn from LibTorch's default generator.
  virtual std::shared_ptr<Stage> make_stage(size_t index) const = 0;
  // A .safetensors file with published weights, or "".
  virtual std::string pretrained() const { return ""; }
  // Whether a tensor of that file belongs to what this encoder has no place for: the classifier,
  // or stages that it ends before.
  virtual bool leaves_out(const std::string& /*tensor*/) const { return false; }
};

}  // namespace tasuki
