#include <torch/torch.h>

#include "plugins/weightings/gramian/dual_cone_weighting.h"
#include "plugins/weightings/gramian/upgrad.pb.h"

namespace tasuki::weightings {
namespace {

class UPGrad : public DualConeWeighting<options::UPGrad> {
  using DualConeWeighting::DualConeWeighting;

  solvers::Values combine(const solvers::Matrix& k, const solvers::Values& preference) override {
    solvers::Values sum(k.size(), 0.0);
    for (size_t i = 0; i < k.size(); ++i) {
      solvers::Values own(k.size(), 0.0);
      own[i] = preference[i];
      const auto projected = solvers::project_onto_dual_cone(k, own);
      for (size_t j = 0; j < k.size(); ++j) sum[j] += projected[j];
    }
    return sum;
  }
};

}  // namespace

TASUKI_REGISTER(Weighting, UPGrad, options::UPGrad, "tasuki/UPGrad");

}  // namespace tasuki::weightings
