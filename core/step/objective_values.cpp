#include "tasuki/step/objective_values.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <sstream>

namespace tasuki {
namespace {

void check_value(double value, double least, const std::string& field) {
  std::ostringstream bound;
  bound << "must be a finite number";
  if (std::isfinite(least)) bound << " of at least " << least;
  require_option(std::isfinite(value) && value >= least, field, bound.str());
}

}  // namespace

torch::Tensor objective_values(const ObjectiveValueList& list, const std::string& field,
                               double fallback, double least, const Weighting::Context& context) {
  std::vector<std::string> names;
  for (const auto& objective : context.objectives) names.push_back(objective.name);
  std::vector<double> values(names.size(), fallback);
  std::set<std::string> seen;
  for (int i = 0; i < list.size(); ++i) {
    const auto element = field + "[" + std::to_string(i) + "]";
    const auto& name = list[i].objective();
    const auto found = std::find(names.begin(), names.end(), name);
    require_option(found != names.end(), element + ".objective",
                   name + " is no objective of the model, which has " + join(names));
    require_option(seen.insert(name).second, element + ".objective", name + " is there twice");
    check_value(list[i].value(), least, element + ".value");
    values[size_t(found - names.begin())] = list[i].value();
  }
  return torch::tensor(values, torch::kFloat64);
}

torch::Tensor objective_weights(const ObjectiveValueList& list, const std::string& field,
                                double fallback, const Weighting::Context& context) {
  auto weights = objective_values(list, field, fallback, 0, context);
  require_option(weights.numel() == 0 || weights.count_nonzero().item<int64_t>() > 0, field,
                 "is 0 for every objective, so that nothing would train; give one of them more");
  return weights;
}

}  // namespace tasuki
