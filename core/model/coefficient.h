#pragma once

#include <cstdint>
#include <optional>

namespace tasuki {

// The inclusion coefficient of an objective by epoch, as a policy asks for it:
// value * warm-up * decay, and 0 from `drop_after` on. Weightings multiply what they learn with it.
struct CoefficientSchedule {
  enum class Decay { kNone, kLinear, kCosine };

  double value = 1;  // >= 0
  int64_t warmup_epochs =
      0;  // epoch e < warmup_epochs has the factor (e + 1) / (warmup_epochs + 1)
  // From 1 at epoch decay_from down to 0 at epoch decay_to, where it stays.
  Decay decay = Decay::kNone;
  int64_t decay_from = 0;
  int64_t decay_to = 0;
  std::optional<int64_t> drop_after = {};  // 0 from this epoch on (so many epochs have it)

  // Of epoch 0, 1, ...
  double at(int64_t epoch) const;
};

}  // namespace tasuki
