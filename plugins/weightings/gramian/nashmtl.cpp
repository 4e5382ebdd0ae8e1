#include <torch/torch.h>

#include "plugins/weightings/gramian/nashmtl.pb.h"
#include "tasuki/solvers/power_equation.h"
#include "tasuki/solvers/tensors.h"
#include "tasuki/step/weighting.h"

namespace tasuki::weightings {
namespace {

class NashMTL : public GramianWeighting {
 public:
  explicit NashMTL(const options::NashMTL&) {}

  torch::Tensor weigh(const torch::Tensor& gramian, Draws&) override {
    return solvers::weigh_finite(gramian, [](const solvers::Matrix& k) {
      return solvers::solve_power_equation(k, solvers::Values(k.size(), 1.0), 1).w;
    });
  }

 protected:
  options::GradientOptions::Decoders default_decoders() const override {
    return options::GradientOptions::WEIGHTED;
  }
};

}  // namespace

TASUKI_REGISTER(Weighting, NashMTL, options::NashMTL, "tasuki/NashMTL");

}  // namespace tasuki::weightings
