#pragma once

#include <string>
#include <vector>

#include "tasuki/engine/split_use.h"

namespace tasuki {

// What is wrong between the splits that a config uses: samples that two of them share, since
// figures on one would say nothing when the other was trained on, and one split in two roles.
std::vector<std::string> split_findings(const ResolvedConfig& config, const Dataset& dataset,
                                        const std::vector<SplitUse>& uses);

}  // namespace tasuki
