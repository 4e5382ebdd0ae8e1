#pragma once

#include <exception>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tasuki/engine/hook.h"
#include "tasuki/engine/run.h"

namespace tasuki {

// A hook with what orders it.
struct NamedHook {
  std::string name;
  int priority = 50;
  std::unique_ptr<Hook> hook;
};

// What a run's weights are before its first step. kPretrained: the encoder's come from its
// pretrained file, where the config names one; for every fresh run. kDrawn: all are as the model
// drew them, and the file need not be there; for a run that takes them from a checkpoint, or whose
// weights don't matter.
enum class InitialWeights { kPretrained, kDrawn };

// Everything that a run needs, from its config.
Run build_run(Experiment experiment, const std::filesystem::path& work_dir,
              InitialWeights weights = InitialWeights::kPretrained);
// The hooks of the config, sorted by priority and then by order. Names are unique.
std::vector<NamedHook> build_hooks(const ResolvedConfig& config);

// The weights that one of the hooks has evaluated in the place of the model's, if one does. Error
// (kUsage) for two.
NamedTensors evaluated_weights(const std::vector<NamedHook>& hooks);

// The training loop. Knows no method, metric or file by name: weightings make the gradients, hooks
// do the rest.
class Trainer {
 public:
  Trainer(Run& run, std::vector<NamedHook>& hooks);

  // Trains from step run.epoch_step of run.epoch to run.epochs. An Error where a loss or a gradient
  // is not finite: nothing of it gets into weights or the optimiser's state, which are those of the
  // step before.
  void train();

  // One step on a batch, in the phases of StepPhase. Public for benchmarks.
  void step(const Batch& batch);

 private:
  struct Outcome;

  bool epoch();
  void evaluate_epoch();
  void evaluate_model();
  void check_views(const NamedHook& after) const;
  void fill(StepContext& context);
  void forward(StepContext& context);
  void make_gradient(StepContext& context);
  Outcome update(const StepContext& context);
  void report(const StepContext& context, const Outcome& outcome);
  void finish(StepPhase phase);
  void end_run(size_t started, bool finished, std::exception_ptr failure);
  template <class Call>
  void each_hook(Call call) {
    for (auto& hook : hooks_) {
      call(*hook.hook);
      check_views(hook);
    }
  }

  Run& run_;
  std::vector<NamedHook>& hooks_;
  std::vector<std::vector<const NamedHook*>> listeners_;  // by phase
  Batch batch_;           // of the present step, on the model's device
  torch::Tensor random_;  // the generator's state before its forward pass
};

}  // namespace tasuki
