#pragma once

#include "plugins/weightings/gramian/grouped_weighting.h"
#include "plugins/weightings/gramian/objective_values.h"
#include "tasuki/solvers/dual_cone.h"
#include "tasuki/solvers/tensors.h"

namespace tasuki::weightings {

// What UPGrad and DualProj have in common: projections onto the dual cone of the gradients.
template <class Options>
class DualConeWeighting : public GroupedWeighting {
 public:
  DualConeWeighting(const Options& options, const Context& context)
      : GroupedWeighting(context),
        preference_(objective_weights(options.preference(), "preference", 1, context), 1),
        reg_eps_(options.reg_eps()),
        norm_eps_(options.norm_eps()) {
    require_option(norm_eps_ == 0 || reg_eps_ > 0, "norm_eps",
                   "is for the regularised problem: give reg_eps as well (TorchJD has 1e-4)");
  }

  options::GradientOptions::Scale rule_scale() const final {
    return options::GradientOptions::MEAN;
  }
  torch::Tensor weigh_group(const torch::Tensor& gramian, const RowGroup& group, Draws&) final {
    return solvers::weigh_finite(gramian, [&](const solvers::Matrix& k) {
      auto preference = preference_.of(group);
      for (double& value : preference) value /= double(k.size());
      return combine(regularize(k), preference);
    });
  }

 private:
  // `preference`: over the number of rows.
  virtual solvers::Values combine(const solvers::Matrix& k, const solvers::Values& preference) = 0;

  solvers::Matrix regularize(const solvers::Matrix& k) const {
    if (reg_eps_ == 0) return k;
    double trace = 0;
    for (size_t i = 0; i < k.size(); ++i) trace += k(i, i);
    solvers::Matrix regular(k.size());
    for (size_t i = 0; i < k.size(); ++i) {
      for (size_t j = 0; j < k.size() && trace > 0 && trace >= norm_eps_; ++j) {
        regular(i, j) = k(i, j) / trace;
      }
      regular(i, i) += reg_eps_;
    }
    return regular;
  }

  ObjectiveValues preference_;
  double reg_eps_;
  double norm_eps_;
};

}  // namespace tasuki::weightings
