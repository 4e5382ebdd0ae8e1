#pragma once

#include <cstddef>
#include <cstdint>

#include "tasuki/data/sample.h"

namespace tasuki {

// One sample of an epoch.
struct SampleDraw {
  uint64_t epoch = 0;
  size_t index = 0;     // in its split
  uint64_t repeat = 0;  // how often it came in the epoch before: random transforms draw anew
};

// Samples by draw. Thread-safe and const. A split behind a pipeline is composed of small ones, each
// around the one before (core/loader/sources.h).
class Source {
 public:
  virtual ~Source() = default;

  virtual size_t size() const = 0;
  // The sample; its pixels are to be read only. The same for the same draw.
  virtual Sample get(const SampleDraw& draw) const = 0;
};

}  // namespace tasuki
