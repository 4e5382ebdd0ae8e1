#include "core/engine/checkpoint.h"
#include "core/engine/hook.h"
#include "core/registry/registry.h"
#include "plugins/hooks/hooks.pb.h"

namespace tasuki::hooks {
namespace {

class Checkpoint : public Hook {
 public:
  Checkpoint(const options::Checkpoint& options, const Context&)
      : every_(options.has_every() ? options.every() : 1), every_steps_(options.every_steps()) {
    require_option(every_ > 0, "every", "must be at least 1 epoch");
  }

  bool only_observes() const override { return true; }
  int default_priority() const override { return 80; }

  // Behind the last step of an epoch its evaluation is to come, and belongs into the checkpoint.
  void after_step(Run& run) override {
    due_ = every_steps_ > 0 && run.step % every_steps_ == 0;
    if (due_ && run.epoch_step < run.steps_per_epoch) save_checkpoints(run, true);
  }

  void after_epoch(Run& run) override {
    const int64_t done = run.epoch + 1;
    save_checkpoints(run, due_ || done % every_ == 0 || done == run.epochs);
  }

 private:
  int64_t every_;
  int64_t every_steps_;
  bool due_ = false;  // by the last step
};

}  // namespace

TASUKI_REGISTER(Hook, Checkpoint, options::Checkpoint, "tasuki/Checkpoint");

}  // namespace tasuki::hooks
