#pragma once

#include <algorithm>
#include <memory>

#include "tasuki/engine/optimizer.h"
#include "tasuki/error/error.h"

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
  void observe(const std::vector<Measured>& measured, int64_t step) {
    schedule_->observe(measured, step - warmup_steps_);
  }
  Schedule& schedule() const { return *schedule_; }

 private:
  double base_ = 0;
  int64_t warmup_steps_ = 0;
  std::unique_ptr<Schedule> schedule_;
};

// The momentum of a run by step: the schedule's factor of `base`, its first one in warm-up.
class ScheduledMomentum {
 public:
  ScheduledMomentum(double base, int64_t warmup_steps, std::unique_ptr<Schedule> schedule)
      : base_(base), warmup_steps_(warmup_steps), schedule_(std::move(schedule)) {}

  // Error (kUsage) where it is outside [0, 1).
  double at(int64_t step) const {
    const double momentum = base_ * schedule_->factor(std::max<int64_t>(step - warmup_steps_, 0));
    if (momentum >= 0 && momentum < 1) return momentum;
    throw Error(ErrorKind::kUsage,
                "train.momentum_schedule: the momentum of step " + std::to_string(step) +
                    " would be " + std::to_string(momentum) +
                    ", which is outside [0, 1); lower its factors or the optimizer's momentum");
  }
  void observe(const std::vector<Measured>& measured, int64_t step) {
    schedule_->observe(measured, step - warmup_steps_);
  }
  Schedule& schedule() const { return *schedule_; }

 private:
  double base_;
  int64_t warmup_steps_;
  std::unique_ptr<Schedule> schedule_;
};

}  // namespace tasuki
