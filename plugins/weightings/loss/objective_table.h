#pragma once

#include <torch/types.h>

#include <map>
#include <string>
#include <vector>

#include "tasuki/step/weighting.h"

namespace tasuki::weightings {

// What a method keeps from step to step: columns of numbers, one for each of the model's
// objectives, on the losses' device. In a checkpoint they are "OBJECTIVE.COLUMN".
class ObjectiveTable {
 public:
  // `columns`: their names, and what they begin with.
  ObjectiveTable(const Weighting::Context& context, std::string whose,
                 const std::map<std::string, double>& columns);

  void to(torch::Device device);
  // [n] float64: a column at the objectives `index`, [n] int64.
  torch::Tensor get(const std::string& column, const torch::Tensor& index) const;
  void set(const std::string& column, const torch::Tensor& index, const torch::Tensor& values);

  std::map<std::string, torch::Tensor> state() const;
  void load_state(const std::map<std::string, torch::Tensor>& state);

 private:
  std::string whose_;
  std::vector<std::string> owners_;
  std::map<std::string, torch::Tensor> columns_;  // [N] float64
};

}  // namespace tasuki::weightings
