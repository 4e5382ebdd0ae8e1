#include "core/engine/checkpoint.h"
#include "core/engine/hook.h"
#include "core/registry/registry.h"
#include "plugins/hooks/hooks.pb.h"

namespace tasuki::hooks {
namespace {

class Checkpoint : public Hook {
 public:
  Checkpoint(const options::Checkpoint& options, const Context&) : every_(options.every()) {}

  bool only_observes() const override { return true; }

  void after_epoch(Run& run) override {
    const int64_t done = run.epoch + 1;
    save_checkpoints(run, done % every_ == 0 || done == run.epochs);
  }

 private:
  int64_t every_;
};

}  // namespace

TASUKI_REGISTER(Hook, Checkpoint, options::Checkpoint, "tasuki/Checkpoint");

}  // namespace tasuki::hooks
