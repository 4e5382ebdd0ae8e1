#include "tasuki/engine/data_prints.h"

#include <algorithm>

#include "tasuki/engine/experiment.h"

namespace tasuki {

std::vector<SplitPrint> data_prints(const ResolvedConfig& config, const Dataset& dataset) {
  Experiment names;
  names.config = config;
  const auto known = dataset.splits();
  const auto train = names.train_split(), validation = names.validation_split();
  std::vector<SplitPrint> prints;
  for (const auto& split : {train, validation, names.test_split()}) {
    if (std::find(known.begin(), known.end(), split) == known.end()) continue;
    // One split may have two roles.
    if (std::any_of(prints.begin(), prints.end(),
                    [&](const SplitPrint& one) { return one.split == split; })) {
      continue;
    }
    const bool looked_at = split == train || split == validation;
    prints.push_back(looked_at ? print_of(split, dataset) : print_of(split, dataset.ids(split)));
  }
  return prints;
}

}  // namespace tasuki
