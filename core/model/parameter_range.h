#pragma once

#include <cstdint>

namespace tasuki {

// Elements begin <= i < end of the flat vectors.
struct ParameterRange {
  int64_t begin = 0;
  int64_t end = 0;

  int64_t size() const { return end - begin; }
  bool operator==(const ParameterRange&) const = default;
};

// A range that an optimiser treats alike: its learning rate and its weight decay are those of the
// options times these.
struct ParameterGroup {
  ParameterRange range;
  double lr_multiplier = 1;
  double decay_multiplier = 1;
};

}  // namespace tasuki
