#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <string>
#include <utility>
#include <vector>

namespace tasuki {

// All parameters of a model as views into one vector, and all their gradients as views into
// another, so that the optimiser, clipping and weightings work on one tensor. The model must be on
// its device and have its final set of parameters; it must not be moved afterwards. A parameter
// that is registered under several names is in the vectors once; one that does not require a
// gradient is not in them, and nobody changes it.
class FlatParameters {
 public:
  // channels_last stores 4-d weights as NHWC, inside the vector or where they are. Error (kPlugin)
  // for trainable parameters of different types or devices.
  FlatParameters(torch::nn::Module& model, bool channels_last);

  // [P], a leaf that requires grad; its .grad() is gradient().
  const torch::Tensor& values() const { return values_; }
  const torch::Tensor& gradient() const { return gradient_; }
  // Zeros, and gradients that somebody took away (Module::zero_grad() of LibTorch 2 does) are views
  // again.
  void zero_gradient();

  // Error (kRun) where a parameter or its gradient is no longer a view of the vectors: what is
  // trained then is not what the optimiser moves. Cheap.
  void check() const;

  // (begin, end) of a parameter inside the vectors, by the name that it was registered under first.
  // Between parameters lie a few elements that stay zero: each begins on a cache line.
  struct Span {
    std::string name;
    int64_t begin;
    int64_t end;
    std::vector<std::string> other_names;  // of the same parameter
  };
  const std::vector<Span>& spans() const { return spans_; }
  // Number of true parameters, without the filling.
  int64_t count() const;

  // Scales the gradient down so that its L2 norm is at most `largest`; returns the norm before, a
  // scalar on the gradient's device. Where that is not finite, neither is the gradient afterwards.
  torch::Tensor clip_gradient(double largest);
  // Whether all of the gradient is finite, as a bool scalar on its device: the host need not wait.
  torch::Tensor gradient_is_finite() const;

 private:
  torch::Tensor gradient_view(size_t i) const;

  torch::Tensor values_;
  torch::Tensor gradient_;
  std::vector<Span> spans_;
  std::vector<torch::Tensor> parameters_;  // of the spans: the model's own
  bool channels_last_;
};

}  // namespace tasuki
