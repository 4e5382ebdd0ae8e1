#include "tasuki/bench/cut_step.h"

#include <torch/torch.h>

#include "tasuki/system/elapsed.h"

namespace tasuki {
namespace {

void wait_for(const torch::Device& device) {
  if (device.is_cuda()) torch::cuda::synchronize();
}

}  // namespace

WeightingNeeds CutStep::needs() const {
  WeightingNeeds needs;
  needs.features = true;
  return needs;
}

void CutStep::backward(StepContext& step) {
  step.applied = step.factors(torch::ones_like(step.coefficients));
  step.backward(weighted_sum(step.losses, step.applied), false);
  const auto device = step.parameters->gradient().device();
  wait_for(device);
  const auto start = std::chrono::steady_clock::now();
  step.trace->cut.backward(step.trace->cut.take_gradients());
  wait_for(device);
  shared_seconds_ = seconds_since(start);
}

}  // namespace tasuki
