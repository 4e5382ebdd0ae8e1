#include <torch/torch.h>

#include "plugins/weightings/loss/above_zero.h"
#include "plugins/weightings/loss/si.pb.h"
#include "tasuki/step/weighting.h"

namespace tasuki::weightings {
namespace {

class SI : public LossWeighting {
 public:
  explicit SI(const options::SI&) {}

  LossWeights weigh(const LossStep& step) override {
    return {above_zero(step.losses).reciprocal(), {}};
  }
};

}  // namespace

TASUKI_REGISTER(Weighting, SI, options::SI, "tasuki/SI");

}  // namespace tasuki::weightings
