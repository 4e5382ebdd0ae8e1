#pragma once

#include <optional>
#include <vector>

#include "tasuki/engine/run.h"
#include "tasuki/error/error.h"

namespace tasuki {

// The Error (kRun) of the run's present step where its numbers are not finite, nothing where all of
// them are. It names step, samples and objective: the first whose loss among `losses` (of the run's
// active objectives, in order) is not finite, or else whose gradient is not. Gradients are found by
// running the batch again, in the run's precision and with the random numbers of `random`, the
// generator's state before the step's forward pass; they overwrite the gradient buffer.
std::optional<Error> not_finite(const Run& run, const Batch& batch, const torch::Tensor& random,
                                const std::vector<double>& losses);
// That of a step whose objectives are all finite, but not what the weighting, or the norm for
// train.clip_norm, made of their gradients. Names a loss that is not above 0, if there is one:
// weightings that take logarithms can't have it.
Error combination_not_finite(const Run& run, const Batch& batch, const std::vector<double>& losses);

}  // namespace tasuki
