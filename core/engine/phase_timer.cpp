#include "tasuki/engine/phase_timer.h"

#include <torch/torch.h>

namespace tasuki {

std::vector<StepPhase> PhaseTimer::phases() const {
  std::vector<StepPhase> all;
  for (int i = 0; i < kStepPhases; ++i) all.push_back(StepPhase(i));
  return all;
}

void PhaseTimer::start() {
  seconds_ = {};
  last_ = std::chrono::steady_clock::now();
}

void PhaseTimer::after_phase(Run& run, StepPhase phase) {
  if (run.experiment.device.is_cuda()) torch::cuda::synchronize();
  const auto now = std::chrono::steady_clock::now();
  const double seconds = std::chrono::duration<double>(now - last_).count();
  last_ = now;
  if (phase == StepPhase::kForward) {
    seconds_.forward += seconds;
  } else if (phase == StepPhase::kLosses) {
    seconds_.losses += seconds;
  } else if (phase <= StepPhase::kCombine) {
    seconds_.backward += seconds;
  } else {
    seconds_.optimizer += seconds;
  }
}

}  // namespace tasuki
