#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

#include "tasuki/engine/run.h"
#include "tasuki/engine/trainer.h"
#include "tasuki/step/collective.h"

namespace tasuki {

// What the processes of one training have to have in common.

// Tensors of any sizes become those of the first process: one message for each type.
void broadcast_tensors(Collective& processes, const std::vector<torch::Tensor>& tensors);

// A config that several processes can train, and the same in all of them. Error (kUsage), in its
// place, for a batch size that they can't split, and where another process has another config.
void check_processes(const ResolvedConfig& config, Collective& processes);

// Errors (kUsage) for a loss that can't be computed of parts of a batch: Loss::splits().
void check_losses_split(const Experiment& experiment);

// The whole run takes part in `processes` from here on: each process its part of every batch, with
// the weights, the frozen ones too, and the buffers of the first. Hooks that only observe stay with
// the first process alone.
void share_run(Run& run, std::vector<NamedHook>& hooks, Collective& processes);

// Where one process asks to stop, all stop, after the same step.
void agree_to_stop(Run& run);

}  // namespace tasuki
