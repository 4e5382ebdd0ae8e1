#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>

#include "tasuki/engine/optimizer.h"

namespace tasuki::schedules {

// Share of the run that is done at a step, in [0, 1].
inline double progress(int64_t step, const Schedule::Context& run) {
  return std::clamp(double(step) / double(std::max<int64_t>(run.total_steps, 1)), 0.0, 1.0);
}

// Half a cosine from `from` at share 0 to `to` at share 1.
inline double half_cosine(double from, double to, double share) {
  return to + (from - to) * 0.5 * (1 + std::cos(std::numbers::pi * share));
}

}  // namespace tasuki::schedules
