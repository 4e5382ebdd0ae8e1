#pragma once

#include <vector>

#include "tasuki/step/weighting.h"

namespace tasuki::testing {

// What the trainer does with a weighting between the forward pass and the update. Returns what each
// loss was multiplied with.
inline std::vector<double> take_step(Weighting& weighting, StepContext& step) {
  weighting.backward(step);
  weighting.reduce(step);
  weighting.combine(step);
  return to_vector(step.applied);
}

}  // namespace tasuki::testing
