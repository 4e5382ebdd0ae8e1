#pragma once

#include "tasuki/engine/run.h"

namespace tasuki {

// What a weighting gets to know of a run's model, whose parameters are there already.
Weighting::Context weighting_context(const Run& run);

}  // namespace tasuki
