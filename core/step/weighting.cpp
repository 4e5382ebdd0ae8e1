#include "tasuki/step/weighting.h"

#include <torch/torch.h>

#include "tasuki/step/gradient_rows.h"

namespace tasuki {

ParameterPart Weighting::Context::part(const Spans& spans) const {
  if (parameters == nullptr) return {};  // a method that is called without a model
  std::vector<torch::Tensor> parameters_of;
  for (const auto& span : spans) {
    const auto leaf = leaves.find(span.name);
    if (leaf != leaves.end()) parameters_of.push_back(leaf->second);
  }
  return {*parameters, spans, parameters_of};
}

ParameterPart Weighting::Context::shared_by(const std::set<std::string>& routes) const {
  const auto found = by_routes.find(routes);
  return found == by_routes.end() ? ParameterPart() : part(found->second);
}

ParameterPart Weighting::Context::decoder(const std::string& objective) const {
  const auto found = decoders.find(objective);
  return found == decoders.end() ? ParameterPart() : part(found->second);
}

GradientWeighting::GradientWeighting() = default;
GradientWeighting::~GradientWeighting() = default;

void GradientWeighting::set_scope(options::GradientOptions& common,
                                  options::GradientOptions::Scope scope) {
  require_option(!common.has_scope() || common.scope() == scope, "scope",
                 "says another thing than gradients.scope; one of them is enough");
  common.set_scope(scope);
}

void GradientWeighting::set_up(const options::GradientOptions& common, const Context& context) {
  auto options = common;
  if (!options.has_decoders()) options.set_decoders(default_decoders());
  rows_ = std::make_unique<GradientRows>(context, options, has_weights());
}

WeightingNeeds GradientWeighting::needs() const {
  WeightingNeeds needs;
  needs.features = rows_ != nullptr && rows_->at_features();
  return needs;
}

void GradientWeighting::backward(StepContext& step) {
  rows_->backward(step);
}

void GradientWeighting::reduce(StepContext& step) {
  rows_->reduce(step);
}

void GradientWeighting::combine(StepContext& step) {
  rows_->combine(step, [&](const torch::Tensor& rows, const RowGroup& group, torch::Tensor out) {
    return combine_rows(rows, group, step, std::move(out));
  });
}

// Rows of features are those of a process's own images: with means over images, the inner products
// of all are the sum of the processes' over their number's square.
torch::Tensor GramianWeighting::combine_rows(const torch::Tensor& rows, const RowGroup& group,
                                             StepContext& step, torch::Tensor out) {
  auto gramian = gram_matrix(rows);
  if (needs().features && step.collective->size() > 1) {
    step.collective->sum(gramian);
    gramian /= double(step.collective->size() * step.collective->size());
  }
  gramian = gramian.to(torch::kCPU).contiguous();
  const auto weights = weigh_group(gramian, group, step.draws);
  weigh_rows(rows, weights, std::move(out));
  return weights;
}

torch::Tensor RowWeighting::combine_rows(const torch::Tensor& rows, const RowGroup& group,
                                         StepContext& step, torch::Tensor out) {
  if (!by_column()) {
    out.copy_(combine_group(rows, group, step.draws));
    return {};
  }
  for_each_block(rows.size(1), [&](int64_t begin, int64_t end) {
    const auto block = rows.slice(1, begin, end);
    out.slice(0, begin, end).copy_(combine_group(block, group, step.draws));
  });
  return {};
}

}  // namespace tasuki
