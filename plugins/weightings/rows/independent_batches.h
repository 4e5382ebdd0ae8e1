#pragma once

#include <torch/types.h>

#include <map>
#include <string>

#include "plugins/weightings/rows/row_state.h"
#include "tasuki/step/weighting.h"

namespace tasuki::weightings {

// What MoDo and SDMGrad have in common: three batches a step that are independent of each other, so
// that products of their gradients have no bias.
//   A_ij = g_i(batch 1) . g_j(batch 2)  decides the weights w;  d = sum_i w_i g_i(batch 3)
// on what the routes share. Batch 1 is the step's own, and trains all that is not shared, plainly;
// the others come one after another, so that no more than one graph is there at a time, and their
// passes touch shared parameters only. Memory for a row per objective and two more.
class IndependentBatches : public StepWeighting {
 public:
  IndependentBatches(std::string name, options::GradientOptions::Scale scale,
                     const Context& context);

  WeightingNeeds needs() const override { return {.training_batches = true}; }
  void backward(StepContext& step) override;
  std::map<std::string, torch::Tensor> state() const override { return state_.all(); }
  void load_state(const std::map<std::string, torch::Tensor>& state) override {
    state_.load(state);
  }

 protected:
  // products: A, [n, n] float64 on the CPU, finite, n > 1. Returns weights that sum to 1, [n].
  virtual torch::Tensor learn(const torch::Tensor& products, const RowGroup& group) = 0;
  RowState& kept() { return state_; }

 private:
  torch::Tensor first_rows(StepContext& step) const;
  torch::Tensor products(StepContext& step, const torch::Tensor& rows) const;
  torch::Tensor direction(StepContext& step, const torch::Tensor& weights) const;

  options::GradientOptions::Scale scale_;
  ParameterPart shared_;
  RowState state_;
};

}  // namespace tasuki::weightings
