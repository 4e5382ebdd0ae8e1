#include "plugins/weightings/rows/independent_batches.h"

#include <torch/torch.h>

#include <cmath>

#include "plugins/weightings/rows/row_values.h"

namespace tasuki::weightings {

IndependentBatches::IndependentBatches(std::string name, options::GradientOptions::Scale scale,
                                       const Context& context)
    : scale_(scale),
      shared_(context.part(context.shared)),
      state_(std::move(name), context, {"weight"}) {}

void IndependentBatches::backward(StepContext& step) {
  step.applied = step.factors(torch::ones_like(step.coefficients));
  if (step.size() == 1 || shared_.empty()) {
    step.backward(weighted_sum(step.losses, step.applied), false);
    return;
  }
  auto rows = first_rows(step);
  const auto matrix = products(step, rows);
  rows = torch::Tensor();
  const auto& gradient = step.parameters->gradient();
  if (!matrix.isfinite().all().item<bool>()) {
    shared_.scatter(torch::full({shared_.size()}, std::nan(""), gradient.options()), gradient);
    return;
  }
  const RowGroup group{"shared", step.index, {}, step.epoch, step.step};
  const double length = scale_ == options::GradientOptions::SUM ? double(step.size()) : 1;
  shared_.scatter(direction(step, learn(matrix, group) * length), gradient);
}

// [n, P]: of the step's own batch, which leaves its gradient everywhere else.
torch::Tensor IndependentBatches::first_rows(StepContext& step) const {
  const auto& gradient = step.parameters->gradient();
  const auto rows = torch::empty({int64_t(step.size()), shared_.size()}, gradient.options());
  for (size_t i = 0; i < step.size(); ++i) {
    const auto loss = weighted_sum({step.losses[i]}, step.applied.narrow(0, int64_t(i), 1));
    step.backward(loss, i + 1 < step.size());
    shared_.gather(gradient, rows[int64_t(i)]);
    shared_.zero(gradient);
  }
  step.collective->mean(rows);
  return rows;
}

// A, row by row of the second batch.
torch::Tensor IndependentBatches::products(StepContext& step, const torch::Tensor& rows) const {
  const auto losses = step.further_batches->next_training_losses();
  std::vector<torch::Tensor> columns;
  for (size_t j = 0; j < step.size(); ++j) {
    const auto loss = weighted_sum({losses[j]}, step.applied.narrow(0, int64_t(j), 1));
    const auto row = shared_.gradient_rows({loss}, j + 1 < step.size());
    step.collective->mean(row);
    columns.push_back(inner_products(rows, row));
  }
  return torch::cat(columns, 1);
}

// [P]: of the third batch, in one pass.
torch::Tensor IndependentBatches::direction(StepContext& step, const torch::Tensor& weights) const {
  const auto losses = step.further_batches->next_training_losses();
  const auto factors = step.applied * weights.to(step.applied.device());
  return shared_.gradient_rows({weighted_sum(losses, factors)}, false)[0];
}

}  // namespace tasuki::weightings
