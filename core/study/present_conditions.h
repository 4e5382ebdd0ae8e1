#pragma once

#include <cstdint>
#include <vector>

#include "tasuki/config/config.h"
#include "tasuki/study/conditions.h"

namespace tasuki {

// The seeds of a search or a comparison: from train.seed on, and those of a verdict. Errors are
// located in the config.
std::vector<uint64_t> seeds_of(const ResolvedConfig& config, size_t count);
std::vector<uint64_t> verdict_seeds_of(const ResolvedConfig& config, size_t count);
// What trainings of `configs` on this machine, `side_by_side` of them at a time, depend on; seeds
// and splits are those of the first. Threads: each one's part of the processors.
RunConditions conditions_of(const std::vector<const ResolvedConfig*>& configs,
                            const Dataset& dataset, size_t seeds, size_t side_by_side);
// Of a training of `config`: its own number, else that of the conditions.
uint32_t threads_of(const ResolvedConfig& config, const RunConditions& conditions);

}  // namespace tasuki
