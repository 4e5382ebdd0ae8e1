#pragma once

#include "tasuki/config/layer.h"

namespace tasuki {

// Lays `over` over `base` by the rules of config.h.
void merge(Layer& base, const Layer& over);

}  // namespace tasuki
