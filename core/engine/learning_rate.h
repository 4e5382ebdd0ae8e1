#pragma once

#include <memory>

#include "core/engine/optimizer.h"

namespace tasuki {

// The learning rate of a run by step: over `warmup_steps` it rises linearly to `base`, then the
// schedule takes over from its step 0.
class LearningRate {
 public:
  LearningRate() = default;
  LearningRate(double base, int64_t warmup_steps, std::unique_ptr<Schedule> schedule)
      : base_(base), warmup_steps_(warmup_steps), schedule_(std::move(schedule)) {}

  double at(int64_t step) const {
    if (step < warmup_steps_) return base_ * double(step + 1) / double(warmup_steps_);
    return base_ * schedule_->factor(step - warmup_steps_);
  }

 private:
  double base_ = 0;
  int64_t warmup_steps_ = 0;
  std::unique_ptr<Schedule> schedule_;
};

}  // namespace tasuki
