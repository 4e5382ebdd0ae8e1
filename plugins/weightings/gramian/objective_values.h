#pragma once

#include <torch/types.h>

#include <cmath>
#include <string>
#include <vector>

#include "tasuki/step/objective_values.h"

namespace tasuki::weightings {

// Numbers that options give to objectives by name, for the rows of a group.
class ObjectiveValues {
 public:
  // As objective_values() takes them; objectives that are not named have `otherwise`.
  ObjectiveValues(const ObjectiveValueList& given, const std::string& field,
                  const Weighting::Context& context, double otherwise, double least = -HUGE_VAL)
      : otherwise_(otherwise), values_(objective_values(given, field, otherwise, least, context)) {}

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
