#pragma once

namespace tasuki {

// The phases of a training step, in their order.
enum class StepPhase {
  kForward,   // logits of the objectives
  kLosses,    // of the logits
  kBackward,  // the weighting walks the losses' graph
  kUnscale,   // of a loss scale, where the precision needs one: none does yet
  kReduce,    // sums over the processes
  kCombine,   // the weighting's gradient lies in the flat vector
  kClip,      // the gradient's norm, and whether it is finite
  kUpdate,    // the optimiser's step
  kAfter,     // the weighting's work after it, and the host's reading of the step
};
inline constexpr int kStepPhases = 9;

}  // namespace tasuki
