#pragma once

#include <string>

#include "tasuki/config/layer.h"

namespace tasuki {

// Takes what is at `path` out of a config: a field, a whole list, or one element, whereupon later
// elements of an unnamed list move up. OptionError where the path leads nowhere.
void remove_path(Layer& layer, const std::string& path);

}  // namespace tasuki
