#include "tasuki/study/present_conditions.h"

#include <algorithm>

#include "tasuki/engine/data_prints.h"
#include "tasuki/engine/experiment.h"
#include "tasuki/study/seeds.h"
#include "tasuki/system/processors.h"

namespace tasuki {
namespace {

// What this machine makes of the configs beside the threads, which the conditions have of their
// own.
std::vector<std::string> machine_of(const std::vector<const ResolvedConfig*>& configs) {
  std::vector<std::string> all;
  for (const auto* config : configs) {
    for (const auto& assignment : machine_assignments(*config)) {
      if (assignment.starts_with("train.threads=")) continue;
      if (std::find(all.begin(), all.end(), assignment) == all.end()) all.push_back(assignment);
    }
  }
  return all;
}

template <class SeedsFrom>
std::vector<uint64_t> located_seeds(const ResolvedConfig& config, SeedsFrom from, size_t count) {
  try {
    return from(config.message().train().seed(), count);
  } catch (const Error& wrong) {
    throw config.error("train.seed", wrong.what());
  }
}

}  // namespace

std::vector<uint64_t> seeds_of(const ResolvedConfig& config, size_t count) {
  return located_seeds(config, seeds_from, count);
}

std::vector<uint64_t> verdict_seeds_of(const ResolvedConfig& config, size_t count) {
  return located_seeds(config, verdict_seeds_from, count);
}

RunConditions conditions_of(const std::vector<const ResolvedConfig*>& configs,
                            const Dataset& dataset, size_t seeds, size_t side_by_side) {
  const auto processors = size_t(usable_processors());
  const auto part = uint32_t(std::max<size_t>(1, processors / side_by_side));
  const auto& first = *configs.front();
  return {seeds_of(first, seeds), part, machine_of(configs), data_prints(first, dataset)};
}

uint32_t threads_of(const ResolvedConfig& config, const RunConditions& conditions) {
  const uint32_t own = config.message().train().threads();
  return own > 0 ? own : conditions.threads;
}

}  // namespace tasuki
