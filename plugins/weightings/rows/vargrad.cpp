#include <torch/torch.h>

#include <cmath>

#include "plugins/weightings/rows/row_state.h"
#include "plugins/weightings/rows/row_values.h"
#include "plugins/weightings/rows/vargrad.pb.h"
#include "tasuki/solvers/power_equation.h"
#include "tasuki/solvers/tensors.h"
#include "tasuki/step/weighting.h"

namespace tasuki::weightings {
namespace {

class VarGrad : public StatefulRowWeighting {
 public:
  VarGrad(const options::VarGrad& options, const Context& context)
      : StatefulRowWeighting("VarGrad", options.gradients(), context, {"momentum", "last"}),
        options_(options) {}

  options::GradientOptions::Scale rule_scale() const override {
    return options::GradientOptions::MEAN;
  }
  torch::Tensor combine_group(const torch::Tensor& rows, const RowGroup& group,
                              Draws& /*draws*/) override {
    if (!all_finite(rows, group.losses)) return torch::full_like(rows[0], std::nan(""));
    std::vector<torch::Tensor> running;
    for (size_t i = 0; i < group.objectives.size(); ++i) {
      running.push_back(update(rows[int64_t(i)], group, i));
    }
    const auto rule = [this](const solvers::Matrix& gramian) {
      const solvers::Values ones(gramian.size(), 1.0);
      return solvers::solve_power_equation(gramian, ones, options_.alpha()).w;
    };
    return weigh_vectors(running, solvers::weigh_finite(inner_products(running), rule));
  }

 private:
  torch::Tensor update(const torch::Tensor& row, const RowGroup& group, size_t i) {
    const double beta = options_.beta(), correction = options_.gamma() * beta;
    const auto momentum = state_.vector(group, i, "momentum", row);
    const auto last = state_.vector(group, i, "last", row);
    momentum.mul_(beta).add_(row, 1 - beta + correction).sub_(last, correction);
    last.copy_(row);
    return momentum;
  }

  options::VarGrad options_;
};

}  // namespace

TASUKI_REGISTER(Weighting, VarGrad, options::VarGrad, "tasuki/VarGrad");

}  // namespace tasuki::weightings
