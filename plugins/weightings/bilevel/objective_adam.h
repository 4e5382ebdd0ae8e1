#pragma once

#include <torch/types.h>

#include <map>
#include <string>
#include <vector>

namespace tasuki::weightings {

// A number for each of the model's objectives, moved by Adam (arXiv:1412.6980, algorithm 1, betas
// 0.9 and 0.999, eps 1e-8) with a count of updates for each one: objectives that do not run in a
// step keep theirs, and what Adam remembers of them.
class ObjectiveAdam {
 public:
  ObjectiveAdam(int64_t objectives, double init, double lr);

  // [N] float64 on the CPU; may be written over.
  torch::Tensor& values() { return values_; }
  // Of the objectives at `index`, [n].
  torch::Tensor at(const std::vector<size_t>& index) const;
  // One update of those by the gradient, [n].
  void step(const std::vector<size_t>& index, const torch::Tensor& gradient);

  // "weights", "exp_avg", "exp_avg_sq", "updates": the tensors themselves.
  std::map<std::string, torch::Tensor> state() const;

 private:
  double lr_;
  torch::Tensor values_, mean_, square_, updates_;
};

}  // namespace tasuki::weightings
