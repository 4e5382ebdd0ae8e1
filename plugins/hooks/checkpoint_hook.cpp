#include "plugins/hooks/hooks.pb.h"
#include "tasuki/engine/checkpoint.h"
#include "tasuki/engine/hook.h"
#include "tasuki/registry/registry.h"

namespace tasuki::hooks {
namespace {

class Checkpoint : public Hook {
 public:
  Checkpoint(const options::Checkpoint& options, const Context&)
      : every_(options.every()), every_steps_(options.every_steps()) {}

  bool only_observes() const override { return true; }
  int default_priority() const override { return 80; }

  // Behind the last step of an epoch its evaluation is to come, and belongs into the checkpoint.
  void after_step(Run& run) override {
    due_ = every_steps_ > 0 && run.step % every_steps_ == 0;
    if (due_ && run.epoch_step < run.steps_per_epoch) save_checkpoints(run, true);
  }

  void after_epoch(Run& run) override {
    const int64_t done = run.epoch + 1;
    const bool last = done == run.epochs || !run.stopped.empty();
    save_checkpoints(run, due_ || done % every_ == 0 || last);
  }

  // A run that was stopped in the middle of an epoch goes on there.
  void after_run(Run& run, bool finished) override {
    if (!finished && !run.stopped.empty() && run.epoch_step > 0) save_checkpoints(run, true);
  }

 private:
  int64_t every_;
  int64_t every_steps_;
  bool due_ = false;  // by the last step
};

}  // namespace

TASUKI_REGISTER(Hook, Checkpoint, options::Checkpoint, "tasuki/Checkpoint");

}  // namespace tasuki::hooks
