#include <torch/torch.h>

#include "plugins/weightings/loss/above_zero.h"
#include "plugins/weightings/loss/gls.pb.h"
#include "tasuki/step/weighting.h"

namespace tasuki::weightings {
namespace {

class GLS : public LossWeighting {
 public:
  explicit GLS(const options::GLS&) {}

  LossWeights weigh(const LossStep& step) override {
    const auto logs = above_zero(step.losses).log();
    return {(logs.mean() - logs).exp() / double(logs.size(0)), {}};
  }
};

}  // namespace

TASUKI_REGISTER(Weighting, GLS, options::GLS, "tasuki/GLS");

}  // namespace tasuki::weightings
