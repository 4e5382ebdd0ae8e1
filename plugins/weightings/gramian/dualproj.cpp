#include <torch/torch.h>

#include "plugins/weightings/gramian/dual_cone_weighting.h"
#include "plugins/weightings/gramian/dualproj.pb.h"

namespace tasuki::weightings {
namespace {

class DualProj : public DualConeWeighting<options::DualProj> {
  using DualConeWeighting::DualConeWeighting;

  solvers::Values combine(const solvers::Matrix& k, const solvers::Values& preference) override {
    return solvers::project_onto_dual_cone(k, preference);
  }
};

}  // namespace

TASUKI_REGISTER(Weighting, DualProj, options::DualProj, "tasuki/DualProj");

}  // namespace tasuki::weightings
