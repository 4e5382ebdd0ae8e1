#pragma once

#include <numeric>
#include <string>
#include <vector>

#include "tasuki/step/weighting.h"

namespace tasuki::weightings {

// A method that has to know whose gradients the rows are. Called with a matrix alone, as tests do,
// it takes the rows for those of the model's first objectives, in their order.
class GroupedWeighting : public GramianWeighting {
 public:
  explicit GroupedWeighting(const Context& context) {
    for (const auto& objective : context.objectives) names_.push_back(objective.name);
  }

  torch::Tensor weigh(const torch::Tensor& gramian, Draws& draws) final {
    RowGroup group;
    group.part = "shared";
    group.objectives.resize(size_t(gramian.size(0)));
    std::iota(group.objectives.begin(), group.objectives.end(), size_t(0));
    return weigh_group(gramian, group, draws);
  }
  torch::Tensor weigh_group(const torch::Tensor& gramian, const RowGroup& group,
                            Draws& draws) override = 0;

 protected:
  // Of one of the model's objectives; its number where the method has no model.
  std::string objective_name(size_t index) const {
    return index < names_.size() ? names_[index] : std::to_string(index);
  }

 private:
  std::vector<std::string> names_;
};

}  // namespace tasuki::weightings
