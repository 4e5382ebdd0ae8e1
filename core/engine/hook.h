#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tasuki/engine/run.h"
#include "tasuki/engine/step_phase.h"

namespace tasuki {

// Called at the points of the loop, in the order of priority. Has a name that is unique in the run,
// under which its state is kept in checkpoints.
class Hook {
 public:
  static constexpr const char* kKind = "Hook";
  struct Context {
    std::string name;
  };

  virtual ~Hook() = default;

  virtual void before_run(Run&) {}
  // Also where a run goes on in the middle of an epoch: run.epoch_step is not 0 then.
  virtual void before_epoch(Run&) {}
  // After those phases of each step that phases() lists, which is asked once in a run: one that
  // lists none costs nothing. The flat gradient may be changed up to kClip.
  virtual std::vector<StepPhase> phases() const { return {}; }
  virtual void after_phase(Run&, StepPhase) {}
  virtual void after_step(Run&) {}
  // Around each evaluation of the loop; `after` with its figures, unless it failed. Weights that
  // `before` puts in are those which are evaluated. Every hook whose before_evaluation was called
  // sees after_evaluation, in the opposite order, also when that or the evaluation fails.
  virtual void before_evaluation(Run&) {}
  virtual void after_evaluation(Run&) {}
  // After the epoch's steps and its evaluation, if there was one; run.epoch is still its index.
  virtual void after_epoch(Run&) {}
  // Always called once before_run was, also when the run fails or is stopped (`finished` is false
  // then) or the after_run of another hook throws. The model is as the last step left it, for every
  // hook.
  virtual void after_run(Run&, bool /*finished*/) {}

  // Where it stands among the hooks of one point if the config does not say, smallest first. One
  // that saves the states of the others comes behind them.
  virtual int default_priority() const { return 50; }

  // True for one that changes nothing that a run learns or measures: a run may go on with other
  // such hooks than it was begun with.
  virtual bool only_observes() const { return false; }

  // For a hook that puts other weights in the place of the model's from before_evaluation to
  // after_evaluation: those of its tensors that differ, by the model's names; no other hook of the
  // run may have some. The files for evaluation hold them instead of the model's own; a training
  // state holds both, and gives them back by load_evaluated_weights(), before before_run().
  virtual NamedTensors evaluated_weights() const { return {}; }
  virtual void load_evaluated_weights(const NamedTensors& /*weights*/) {}

  // Asked for after a step (run.epoch_step is not 0) or after an epoch.
  virtual nlohmann::json state() const { return {}; }
  virtual void load_state(const nlohmann::json& /*state*/) {}
};

}  // namespace tasuki
