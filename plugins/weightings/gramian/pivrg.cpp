#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "plugins/weightings/gramian/grouped_weighting.h"
#include "plugins/weightings/gramian/objective_values.h"
#include "plugins/weightings/gramian/pivrg.pb.h"
#include "tasuki/solvers/power_equation.h"
#include "tasuki/solvers/tensors.h"

namespace tasuki::weightings {
namespace {

class PIVRG : public GroupedWeighting {
 public:
  PIVRG(const options::PIVRG& options, const Context& context)
      : GroupedWeighting(context),
        scores_(objective_values(options.score(), "score", 0, -HUGE_VAL, context), 0),
        bound_(options.bound()),
        min_temperature_(options.min_temperature()) {}

  options::GradientOptions::Scale rule_scale() const override {
    return options::GradientOptions::MEAN;
  }
  torch::Tensor weigh_group(const torch::Tensor& gramian, const RowGroup& group, Draws&) override {
    return solvers::weigh_finite(gramian, [&](const solvers::Matrix& k) {
      auto factors = priorities(scores_.of(group));
      for (double& factor : factors) factor = std::sqrt(factor);
      return solvers::solve_power_equation(k, factors, 2).w;
    });
  }

 private:
  // n softmax(score / temperature)
  solvers::Values priorities(solvers::Values values) const {
    const auto [least, most] = std::minmax_element(values.begin(), values.end());
    const double highest = *most;
    const double temperature = std::max((highest - *least) / std::log(bound_), min_temperature_);
    double sum = 0;
    for (double& value : values) {
      value = std::exp((value - highest) / temperature);
      sum += value;
    }
    for (double& value : values) value *= double(values.size()) / sum;
    return values;
  }

  ObjectiveValues scores_;
  double bound_;
  double min_temperature_;
};

}  // namespace

TASUKI_REGISTER(Weighting, PIVRG, options::PIVRG, "tasuki/PIVRG");

}  // namespace tasuki::weightings
