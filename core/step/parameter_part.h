#pragma once

#include <torch/types.h>

#include <vector>

#include "tasuki/model/parameter_space.h"

namespace tasuki {

// Some of the model's trainable parameters, ascending in the flat vectors: as ranges of those, and
// as leaves of the model's graph.
class ParameterPart {
 public:
  struct Range {
    int64_t begin;
    int64_t end;
  };
  using Spans = std::vector<ParameterSpace::Segment>;

  ParameterPart() = default;
  // `spans` and `leaves` are of the same parameters, in the same order.
  ParameterPart(const ParameterSpace& parameters, const Spans& spans,
                std::vector<torch::Tensor> leaves);

  bool empty() const { return size_ == 0; }
  // Elements of all ranges: P below. With the filling between neighbours, which is zero.
  int64_t size() const { return size_; }
  // Neighbours are one range.
  const std::vector<Range>& ranges() const { return ranges_; }
  const std::vector<torch::Tensor>& leaves() const { return leaves_; }

  // The part of a flat vector (values, gradient), [P], copied into `out`.
  void gather(const torch::Tensor& flat, torch::Tensor out) const;
  torch::Tensor gather(const torch::Tensor& flat) const;
  // `part`, [P], into the flat vector.
  void scatter(const torch::Tensor& part, const torch::Tensor& flat) const;
  // The part of a flat vector := 0, or times a number.
  void zero(const torch::Tensor& flat) const;
  void scale(const torch::Tensor& flat, double factor) const;

  // The gradient of each loss on the part, [n, P], by one backward pass each that touches neither
  // other parameters nor the flat gradient. The graph can be walked again afterwards only with
  // `keep_graph`.
  torch::Tensor gradient_rows(const std::vector<torch::Tensor>& losses, bool keep_graph) const;

 private:
  std::vector<Range> ranges_;
  std::vector<torch::Tensor> leaves_;
  std::vector<int64_t> offsets_;  // of the leaves, among the P elements
  int64_t size_ = 0;
};

}  // namespace tasuki
