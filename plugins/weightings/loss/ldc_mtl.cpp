#include <torch/torch.h>

#include <cmath>

#include "plugins/weightings/loss/ldc_mtl.pb.h"
#include "plugins/weightings/loss/loss_gap.h"
#include "tasuki/step/weighting.h"

namespace tasuki::weightings {
namespace {

class LDCMTL : public LossWeighting {
 public:
  explicit LDCMTL(const options::LDCMTL& options)
      : lambda_(options.lambda()), init_(options.init()) {
    require_option(std::isfinite(init_), "init", "must be a finite number");
  }

  std::optional<OwnParameter> own_parameter() const override { return {{"router", init_}}; }

  LossWeights weigh(const LossStep& step) override {
    const auto shares = torch::sigmoid(step.parameters);
    const auto scaled = shares * step.coefficients * step.differentiable_losses();
    return {shares / shares.detach().sum(), lambda_ * neighbour_gap(scaled)};
  }

 private:
  double lambda_, init_;
};

}  // namespace

TASUKI_REGISTER(Weighting, LDCMTL, options::LDCMTL, "tasuki/LDCMTL");

}  // namespace tasuki::weightings
