#include <torch/torch.h>

#include "plugins/weightings/gramian/fairgrad.pb.h"
#include "tasuki/solvers/power_equation.h"
#include "tasuki/solvers/tensors.h"
#include "tasuki/step/weighting.h"

namespace tasuki::weightings {
namespace {

class FairGrad : public GramianWeighting {
 public:
  explicit FairGrad(const options::FairGrad& options) : alpha_(options.alpha()) {
    require_option(alpha_ == 0 || alpha_ >= 0.25, "alpha",
                   "must be 0, for equal weights, or at least 0.25");
  }

  options::GradientOptions::Scale rule_scale() const override {
    return options::GradientOptions::MEAN;
  }
  torch::Tensor weigh(const torch::Tensor& gramian, Draws&) override {
    return solvers::weigh_finite(gramian, [this](const solvers::Matrix& k) {
      const size_t n = k.size();
      if (alpha_ == 0) return solvers::Values(n, 1.0 / double(n));
      return solvers::solve_power_equation(k, solvers::Values(n, 1.0), alpha_).w;
    });
  }

 private:
  double alpha_;
};

}  // namespace

TASUKI_REGISTER(Weighting, FairGrad, options::FairGrad, "tasuki/FairGrad");

}  // namespace tasuki::weightings
