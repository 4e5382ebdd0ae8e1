#include "core/engine/checkpoint.h"
#include "core/engine/hook.h"
#include "core/registry/registry.h"
#include "plugins/hooks/hooks.pb.h"

namespace tasuki::hooks {
namespace {

class Checkpoint : public Hook {
 public:
  Checkpoint(const options::Checkpoint& options, const Context&)
      : every_(options.has_every() ? options.every() : 1) {
    require_option(every_ > 0, "every", "must be at least 1 epoch");
  }

  void after_epoch(Run& run) override {
    if (run.is_best()) save_weights(run, run.work_dir / kBestFile);
    const int64_t done = run.epoch + 1;
    if (done % every_ == 0 || done == run.epochs) {
      save_training_state(run, run.work_dir / kLastFile);
    }
  }

 private:
  int64_t every_;
};

}  // namespace

TASUKI_REGISTER(Hook, Checkpoint, options::Checkpoint, "tasuki/Checkpoint");

}  // namespace tasuki::hooks
