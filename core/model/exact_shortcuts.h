#pragma once

#include <string>
#include <vector>

#include "tasuki/config/config.h"

namespace tasuki {

// Assignments under which a config's decoders, those of self-auxiliaries too, compute their layers
// as they are defined (option exact_shortcuts).
std::vector<std::string> without_shortcuts(const ResolvedConfig& config);

}  // namespace tasuki
