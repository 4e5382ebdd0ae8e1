#include "tasuki/model/complexity.h"

#include <torch/torch.h>

#include "tasuki/model/flops.h"
#include "tasuki/model/parameter_info.h"

namespace tasuki {

NetworkCost network_cost(MultiTaskModel& model, const torch::Tensor& image) {
  FlopCounter counter;
  NetworkCost cost;
  cost.parameters = parameter_count(model);
  torch::Tensor sum = torch::zeros({});
  for (const auto& [name, logits] : model.forward(image, model.objectives())) {
    sum = sum + logits.sum();
  }
  cost.forward = counter.take();
  if (model.network() == Network::kTraining) {
    sum.backward();
    cost.backward = total(counter.take());
  }
  return cost;
}

std::vector<std::pair<std::string, int64_t>> parameters_by_part(const MultiTaskModel& model) {
  std::vector<std::pair<std::string, int64_t>> parts;
  for (const auto& item : model.named_parameters()) {
    const auto part = part_of_parameter(item.key());
    if (parts.empty() || parts.back().first != part) parts.emplace_back(part, 0);
    parts.back().second += item.value().numel();
  }
  return parts;
}

}  // namespace tasuki
