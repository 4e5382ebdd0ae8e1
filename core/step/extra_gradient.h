#pragma once

#include <torch/types.h>

#include "tasuki/step/step_context.h"

namespace tasuki {

// The gradient of what a model minimises besides its objectives (StepContext::extra_losses):
// sum_k coefficient_k dE_k. It goes past the weighting, whichever that is: the step's gradient is
// what the weighting makes of the objectives' losses plus this.
class ExtraGradient {
 public:
  // Before the weighting walks the objectives' graph, which is kept for it. The flat gradient is
  // zero before and after. Error (kPlugin) for an extra loss that depends on features behind the
  // cut: its gradient would end there.
  explicit ExtraGradient(StepContext& step);
  // Into what the weighting has left in the flat gradient; the mean over processes.
  void add_to(StepContext& step);

 private:
  torch::Tensor gradient_;  // [P]; undefined without extra losses
};

}  // namespace tasuki
