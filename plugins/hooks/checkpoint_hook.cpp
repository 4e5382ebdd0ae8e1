#include <chrono>

#include "plugins/hooks/hooks.pb.h"
#include "plugins/hooks/kept_checkpoints.h"
#include "tasuki/engine/checkpoint.h"
#include "tasuki/engine/hook.h"
#include "tasuki/registry/registry.h"
#include "tasuki/system/elapsed.h"

namespace tasuki::hooks {
namespace {

class Checkpoint : public Hook {
 public:
  Checkpoint(const options::Checkpoint& options, const Context&)
      : every_(options.every()),
        every_steps_(options.every_steps()),
        every_seconds_(60 * options.every_minutes()),
        keep_(options.keep()) {}

  bool only_observes() const override { return true; }
  int default_priority() const override { return 80; }

  void before_run(Run&) override { written_ = Clock::now(); }

  // Behind the last step of an epoch its evaluation is to come, and belongs into the checkpoint.
  void after_step(Run& run) override {
    due_ = (every_steps_ > 0 && run.step % every_steps_ == 0) ||
           (every_seconds_ > 0 && seconds_since(written_) >= every_seconds_);
    if (due_ && run.epoch_step < run.steps_per_epoch) save(run, true);
  }

  void after_epoch(Run& run) override {
    const int64_t done = run.epoch + 1;
    const bool last = done == run.epochs || !run.stopped.empty();
    save(run, due_ || done % every_ == 0 || last);
  }

  // A run that was stopped in the middle of an epoch goes on there.
  void after_run(Run& run, bool finished) override {
    if (!finished && !run.stopped.empty() && run.epoch_step > 0) save(run, true);
  }

 private:
  using Clock = std::chrono::steady_clock;

  void save(const Run& run, bool last) {
    save_checkpoints(run, last);
    if (!last) return;
    written_ = Clock::now();
    if (keep_ > 0) keep_last_checkpoint(run, keep_);
  }

  int64_t every_;
  int64_t every_steps_;
  double every_seconds_;
  size_t keep_;
  bool due_ = false;           // by the last step
  Clock::time_point written_;  // the last checkpoint
};

}  // namespace

TASUKI_REGISTER(Hook, Checkpoint, options::Checkpoint, "tasuki/Checkpoint");

}  // namespace tasuki::hooks
