#pragma once

#include <torch/types.h>

#include <map>
#include <string>

#include "plugins/weightings/loss/objective_table.h"

namespace tasuki::weightings {

// The mean loss of each objective over the steps of one epoch: epoch `from`, or the first one after
// it in which the objective runs. Losses that are not finite do not count.
class EpochMean {
 public:
  EpochMean(const Weighting::Context& context, const std::string& whose, int64_t from)
      : from_(double(from)),
        table_(context, whose, {{"loss_sum", 0}, {"loss_steps", 0}, {"loss_epoch", -1}}) {}

  // A step's losses, [n] float64, of the objectives `index`, [n] int64, both on one device.
  void add(int64_t epoch, const torch::Tensor& index, const torch::Tensor& losses);
  // [n] float64; NaN where it is not known yet: before the end of the objective's epoch.
  torch::Tensor get(int64_t epoch, const torch::Tensor& index);

  std::map<std::string, torch::Tensor> state() const { return table_.state(); }
  void load_state(const std::map<std::string, torch::Tensor>& state) { table_.load_state(state); }

 private:
  double from_;
  ObjectiveTable table_;
};

}  // namespace tasuki::weightings
