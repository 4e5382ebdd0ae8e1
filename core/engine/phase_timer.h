#pragma once

#include <chrono>

#include "tasuki/engine/hook.h"

namespace tasuki {

// Where the time of a step went.
struct StepSeconds {
  double forward = 0, losses = 0;
  double backward = 0;   // to the combined gradient
  double optimizer = 0;  // from there on
  double total() const { return forward + losses + backward + optimizer; }
};

// Measures the phases of steps: the only one who does. Waits for the GPU after each phase, so that
// the times are those of the work, not of giving it.
//
// Example:
//   timer.start();
//   trainer.step(batch);
//   timer.seconds().total();
class PhaseTimer : public Hook {
 public:
  bool only_observes() const override { return true; }
  std::vector<StepPhase> phases() const override;
  void after_phase(Run& run, StepPhase phase) override;

  // Just before a step.
  void start();
  // Of the step since start().
  const StepSeconds& seconds() const { return seconds_; }

 private:
  std::chrono::steady_clock::time_point last_;
  StepSeconds seconds_;
};

}  // namespace tasuki
