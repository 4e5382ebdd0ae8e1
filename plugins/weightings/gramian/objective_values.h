#pragma once

#include <torch/types.h>

#include <utility>
#include <vector>

#include "tasuki/step/objective_values.h"

namespace tasuki::weightings {

// Numbers that options give to objectives by name, for the rows of a group.
class ObjectiveValues {
 public:
  // `values`: of the model's objectives, [N]; `otherwise`: of those that are not named.
  ObjectiveValues(torch::Tensor values, double otherwise)
      : otherwise_(otherwise), values_(std::move(values)) {}

  // Of each row; `otherwise` for one that is none of the model's, in a call without a model.
  std::vector<double> of(const RowGroup& group) const {
    std::vector<double> values;
    for (const size_t index : group.objectives) {
      const bool known = int64_t(index) < values_.size(0);
      values.push_back(known ? values_[int64_t(index)].item<double>() : otherwise_);
    }
    return values;
  }

 private:
  double otherwise_;
  torch::Tensor values_;  // of the model's objectives
};

}  // namespace tasuki::weightings
