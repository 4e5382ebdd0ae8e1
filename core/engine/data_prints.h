#pragma once

#include <vector>

#include "tasuki/config/config.h"
#include "tasuki/data/data_print.h"

namespace tasuki {

// The splits of a config for training, validation and test, as far as the data set has them. Of the
// test split only the ids: nothing is chosen by it, and it need not even have labels.
std::vector<SplitPrint> data_prints(const ResolvedConfig& config, const Dataset& dataset);

}  // namespace tasuki
