#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <string>
#include <utility>
#include <vector>

namespace tasuki {

// All parameters of a model as views into one vector, and all their gradients as views into
// another, so that the optimiser, clipping and weightings work on one tensor. The model must be on
// its device and have its final set of parameters; it must not be moved afterwards.
class FlatParameters {
 public:
  // channels_last stores 4-d weights as NHWC inside the vector.
  FlatParameters(torch::nn::Module& model, bool channels_last);

  // [P], a leaf that requires grad; its .grad() is gradient().
  const torch::Tensor& values() const { return values_; }
  const torch::Tensor& gradient() const { return gradient_; }
  void zero_gradient() { gradient_.zero_(); }

  // (begin, end) of a parameter inside the vectors, by its name. Between parameters lie a few
  // elements that stay zero: each begins on a cache line.
  struct Span {
    std::string name;
    int64_t begin;
    int64_t end;
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
  torch::Tensor values_;
  torch::Tensor gradient_;
  std::vector<Span> spans_;
};

}  // namespace tasuki
