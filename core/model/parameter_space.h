#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tasuki/model/parameter_info.h"
#include "tasuki/model/parameter_range.h"

namespace tasuki {

// All trainable parameters of a model as views into one vector, and all their gradients as views
// into another, so that the optimiser, clipping, averaging and weightings work on one tensor. The
// model must be on its device and have its final set of parameters; it must not be moved
// afterwards. A parameter that is registered under several names is in the vectors once; a frozen
// one is not in them, and nobody changes it.
//
// The vectors are cut into segments, one a parameter, tagged with what is known of it. Segments of
// one part of the model (an instance of a stage, the decoder of an objective) lie together, parts
// in the order of registration; within a part those with equal multipliers do. So everything that
// one may ask for is a few ranges:
// Example:
//   for (const auto& range : space.ranges([](const auto& s) { return s.kind == Train::NORM; }))
//     space.gradient().slice(0, range.begin, range.end).zero_();
class ParameterSpace {
 public:
  // (begin, end) of a parameter inside the vectors. Between parameters lie a few elements that stay
  // zero: each begins on a cache line.
  struct Segment : ParameterInfo {
    int64_t begin = 0;
    int64_t end = 0;
  };

  // Of list_parameters() with what the config asks for; frozen ones no longer require a gradient.
  // channels_last stores 4-d weights as NHWC, inside the vector or where they are. Error (kPlugin)
  // for trainable parameters of different types or devices.
  ParameterSpace(std::vector<ParameterInfo> parameters, bool channels_last);
  // Of all parameters of the model as they are.
  ParameterSpace(const torch::nn::Module& model, bool channels_last);
  ParameterSpace(MultiTaskModel& model, bool channels_last);

  // [P], a leaf that requires grad; its .grad() is gradient().
  const torch::Tensor& values() const { return values_; }
  const torch::Tensor& gradient() const { return gradient_; }
  // Zeros, and gradients that somebody took away (Module::zero_grad() of LibTorch 2 does) are views
  // again.
  void zero_gradient();

  // Error (kRun) where a parameter or its gradient is no longer a view of the vectors, or a
  // parameter was frozen or thawed behind their back: what is trained then is not what the
  // optimiser moves. Cheap.
  void check() const;

  // In the order of the vectors.
  const std::vector<Segment>& segments() const { return segments_; }
  // What is in no vector.
  const std::vector<ParameterInfo>& frozen() const { return frozen_; }
  // Trainable parameters, then the frozen ones.
  std::vector<ParameterInfo> parameters() const;
  // Number of trainable parameters, without the filling.
  int64_t count() const;

  // Where the segments lie that `wanted` picks, ascending; neighbours are one range, the filling
  // between them included.
  std::vector<ParameterRange> ranges(const std::function<bool(const Segment&)>& wanted) const;
  // What exactly these routes run through: {"seg", "depth"} share it, and no other route does.
  std::vector<ParameterRange> shared_by(const std::set<std::string>& routes) const;
  // The route's own.
  std::vector<ParameterRange> own(const std::string& route) const;
  std::vector<ParameterRange> decoder(const std::string& objective) const;
  // The sets of routes that have a segment.
  std::set<std::set<std::string>> route_sets() const;
  // One range each part, ascending.
  const std::vector<ParameterRange>& parts() const { return parts_; }
  // Ranges of equal multipliers, which cover the vectors: one where all are equal.
  std::vector<ParameterGroup> groups() const;
  // The vectors cut for a reduction over processes that runs beside the backward pass: of at most
  // `bytes` each, unless one parameter is larger; in the order in which a backward pass is through
  // with them, so far as the order of registration is that of use: from the end. They cover the
  // vectors, and cut no parameter.
  std::vector<ParameterRange> buckets(int64_t bytes) const;

  // A segment's part of a [P] vector, with the shape of the parameter.
  torch::Tensor view(const torch::Tensor& flat, const Segment& segment) const;
  // The same of all segments, under all their names.
  std::vector<std::pair<std::string, torch::Tensor>> named(const torch::Tensor& flat) const;

  // Scales the gradient down so that its L2 norm is at most `largest`, that of the whole or of each
  // part; returns the norm of the whole before, a scalar on the gradient's device. Where that is
  // not finite, neither is the gradient afterwards.
  torch::Tensor clip_gradient(double largest, Train::ClipPer per = Train::ALL);
  // Whether all of the gradient is finite, as a bool scalar on its device: the host need not wait.
  torch::Tensor gradient_is_finite() const;

 private:
  void lay_out(std::vector<ParameterInfo> parameters);
  void find_parts();
  void check_segment(const Segment& segment) const;

  torch::Tensor values_;
  torch::Tensor gradient_;
  std::vector<Segment> segments_;
  std::vector<ParameterInfo> frozen_;
  std::vector<ParameterRange> parts_;
  bool channels_last_;
};

}  // namespace tasuki
