#include <torch/torch.h>

#include "plugins/weightings/rows/independent_batches.h"
#include "plugins/weightings/rows/modo.pb.h"
#include "tasuki/solvers/simplex.h"

namespace tasuki::weightings {
namespace {

class MoDo : public IndependentBatches {
 public:
  MoDo(const options::MoDo& options, const Context& context)
      : IndependentBatches("MoDo", options.scale(), context),
        gamma_(options.gamma()),
        rho_(options.rho()) {}

 protected:
  torch::Tensor learn(const torch::Tensor& products, const RowGroup& group) override {
    const auto before = kept().shares(group, "weight");
    const auto slope = products.mv(before) + rho_ * before;
    const auto weights = solvers::project_to_simplex(before - gamma_ * slope);
    kept().set_shares(group, "weight", weights);
    return weights;
  }

 private:
  double gamma_, rho_;
};

}  // namespace

TASUKI_REGISTER(Weighting, MoDo, options::MoDo, "tasuki/MoDo");

}  // namespace tasuki::weightings
