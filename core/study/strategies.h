#pragma once

#include <memory>

#include "tasuki/study/strategy.h"

namespace tasuki {

// The strategies that make_strategy chooses from; strategy.h says what they do.
std::unique_ptr<Strategy> make_enumerate(const StrategyContext& context);
std::unique_ptr<Strategy> make_halving(const StrategyContext& context);

enum class SingleRunMeasure { kTag, kCosine };
std::unique_ptr<Strategy> make_single_run(SingleRunMeasure measure, const StrategyContext& context);

}  // namespace tasuki
