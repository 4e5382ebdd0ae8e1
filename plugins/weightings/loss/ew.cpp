#include <torch/torch.h>

#include "plugins/weightings/loss/ew.pb.h"
#include "tasuki/step/weighting.h"

namespace tasuki::weightings {
namespace {

class EW : public LossWeighting {
 public:
  explicit EW(const options::EW&) {}

  LossWeights weigh(const LossStep& step) override { return {torch::ones_like(step.losses), {}}; }
};

}  // namespace

TASUKI_REGISTER(Weighting, EW, options::EW, "tasuki/EW");

}  // namespace tasuki::weightings
