#include "plugins/weightings/loss/objective_table.h"

#include <torch/torch.h>

#include "tasuki/model/safetensors.h"

namespace tasuki::weightings {

ObjectiveTable::ObjectiveTable(const Weighting::Context& context, std::string whose,
                               const std::map<std::string, double>& columns)
    : whose_(std::move(whose)) {
  for (const auto& objective : context.objectives) owners_.push_back(objective.name);
  for (const auto& [name, init] : columns) {
    columns_[name] = torch::full({int64_t(owners_.size())}, init, torch::kFloat64);
  }
}

void ObjectiveTable::to(torch::Device device) {
  for (auto& [name, column] : columns_) column = column.to(device);
}

torch::Tensor ObjectiveTable::get(const std::string& column, const torch::Tensor& index) const {
  return columns_.at(column).index_select(0, index);
}

void ObjectiveTable::set(const std::string& column, const torch::Tensor& index,
                         const torch::Tensor& values) {
  columns_.at(column).index_copy_(0, index, values);
}

std::map<std::string, torch::Tensor> ObjectiveTable::state() const {
  std::map<std::string, torch::Tensor> all;
  for (size_t i = 0; i < owners_.size(); ++i) {
    for (const auto& [name, column] : columns_) {
      all[owners_[i] + "." + name] = column.narrow(0, int64_t(i), 1);
    }
  }
  return all;
}

void ObjectiveTable::load_state(const std::map<std::string, torch::Tensor>& state) {
  const auto targets = this->state();
  copy_tensors({state.begin(), state.end()}, {targets.begin(), targets.end()}, whose_);
}

}  // namespace tasuki::weightings
