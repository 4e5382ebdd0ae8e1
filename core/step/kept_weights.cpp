#include "tasuki/step/kept_weights.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>

namespace tasuki {
namespace {

const std::string kPrefix = "kept_weights.";

}  // namespace

KeptWeights::KeptWeights(const options::GradientOptions& options,
                         std::vector<std::string> objectives)
    : every_(options.every()),
      smoothing_(options.smoothing()),
      objectives_(std::move(objectives)) {}

std::string KeptWeights::key(const std::string& part, size_t objective) const {
  return part + "." + objectives_.at(objective);
}

bool KeptWeights::has(const std::string& part, const std::vector<size_t>& objectives) const {
  return std::all_of(objectives.begin(), objectives.end(),
                     [&](size_t i) { return weights_.count(key(part, i)) == 1; });
}

bool KeptWeights::serve(int64_t step, const std::vector<size_t>& objectives) const {
  return step % every_ != 0 && has("shared", objectives);
}

torch::Tensor KeptWeights::weights(const std::string& part,
                                   const std::vector<size_t>& objectives) const {
  std::vector<double> kept;
  for (const size_t i : objectives) kept.push_back(weights_.at(key(part, i)));
  return torch::tensor(kept, torch::kFloat64);
}

torch::Tensor KeptWeights::renew(const std::string& part, const std::vector<size_t>& objectives,
                                 const torch::Tensor& weights) {
  if (!keeps()) return weights;
  auto renewed = weights.clone();
  auto values = renewed.accessor<double, 1>();
  for (size_t row = 0; row < objectives.size(); ++row) {
    double& value = values[int64_t(row)];
    // What is not finite ends the step, and must not stay.
    if (!std::isfinite(value)) continue;
    const auto [kept, is_first] = weights_.try_emplace(key(part, objectives[row]), value);
    if (!is_first) value = smoothing_ * kept->second + (1 - smoothing_) * value;
    kept->second = value;
  }
  return renewed;
}

std::map<std::string, torch::Tensor> KeptWeights::state() const {
  std::map<std::string, torch::Tensor> state;
  for (const auto& [name, weight] : weights_) {
    state[kPrefix + name] = torch::tensor(weight, torch::kFloat64);
  }
  return state;
}

void KeptWeights::take_state(std::map<std::string, torch::Tensor>& state) {
  weights_.clear();
  for (auto entry = state.begin(); entry != state.end();) {
    if (entry->first.rfind(kPrefix, 0) != 0) {
      ++entry;
      continue;
    }
    weights_[entry->first.substr(kPrefix.size())] = entry->second.item<double>();
    entry = state.erase(entry);
  }
}

}  // namespace tasuki
