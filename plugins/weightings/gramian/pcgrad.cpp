#include <torch/torch.h>

#include "plugins/weightings/gramian/gradient_surgery.h"
#include "plugins/weightings/gramian/orders.h"
#include "plugins/weightings/gramian/pcgrad.pb.h"
#include "tasuki/solvers/tensors.h"
#include "tasuki/step/weighting.h"

namespace tasuki::weightings {
namespace {

class PCGrad : public GramianWeighting {
 public:
  explicit PCGrad(const options::PCGrad&) {}

  torch::Tensor weigh(const torch::Tensor& gramian, Draws& draws) override {
    return solvers::weigh_finite(gramian, [&](const solvers::Matrix& k) {
      return project_conflicts(k, draw_orders(k.size(), draws));
    });
  }
};

}  // namespace

TASUKI_REGISTER(Weighting, PCGrad, options::PCGrad, "tasuki/PCGrad");

}  // namespace tasuki::weightings
