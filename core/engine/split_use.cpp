#include "tasuki/engine/split_use.h"

#include <algorithm>

namespace tasuki {

std::vector<SplitUse> split_uses(const ResolvedConfig& config, const Dataset& dataset) {
  Experiment names;
  names.config = config;
  std::vector<SplitUse> found;
  const auto add = [&](const std::string& path, const SplitUse& use) {
    check_split(config, dataset, path, use.split);
    if (std::find(found.begin(), found.end(), use) == found.end()) found.push_back(use);
  };
  add("data.train_split", {names.train_split(), Experiment::Pipeline::kTrain});
  add("data.validation_split", {names.validation_split(), Experiment::Pipeline::kEvaluate});
  if (config.message().data().has_test_split() || has_split(dataset, names.test_split())) {
    add("data.test_split", {names.test_split(), Experiment::Pipeline::kEvaluate});
  }
  return found;
}

}  // namespace tasuki
