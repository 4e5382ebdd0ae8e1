#pragma once

#include "tasuki/config/config.pb.h"
#include "tasuki/config/origin.h"

namespace tasuki {

// A config with the origins of its fields: one file's own, or several laid over each other.
struct Layer {
  Config config;
  Origins origins;
};

}  // namespace tasuki
