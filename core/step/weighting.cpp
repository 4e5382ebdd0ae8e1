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
  require_option(options.rows() == options::GradientOptions::FULL || takes_rounded_rows(),
                 "gradients.rows",
                 "this method needs whole gradients at once, of the parameters' type; choose FULL");
  scale_ = options.scale();
  std::vector<std::string> names;
  for (const auto& objective : context.objectives) names.push_back(objective.name);
  kept_ = KeptWeights(options, std::move(names));
  rows_ = std::make_unique<GradientRows>(context, options, has_weights());
}

WeightingNeeds GradientWeighting::needs() const {
  WeightingNeeds needs;
  needs.features = rows_ != nullptr && rows_->needs_cut();
  return needs;
}

bool GradientWeighting::has_feature_rows() const {
  return rows_->at_features();
}

double GradientWeighting::length(int64_t rows) const {
  if (scale_ == rule_scale()) return 1;
  return scale_ == options::GradientOptions::SUM ? double(rows) : 1 / double(rows);
}

void GradientWeighting::backward(StepContext& step) {
  takes_kept_ = kept_.serve(step.step, step.index);
  rows_->backward(step, takes_kept_);
}

void GradientWeighting::reduce(StepContext& step) {
  rows_->reduce(step);
}

void GradientWeighting::combine(StepContext& step) {
  rows_->combine(step, [&](const torch::Tensor& rows, const RowGroup& group, torch::Tensor out) {
    return combine_rows(rows, group, step, std::move(out));
  });
}

std::map<std::string, torch::Tensor> GradientWeighting::state() const {
  auto state = kept_.state();
  state.merge(method_state());
  return state;
}

void GradientWeighting::load_state(const std::map<std::string, torch::Tensor>& state) {
  auto rest = state;
  kept_.take_state(rest);
  load_method_state(rest);
}

torch::Tensor GradientWeighting::kept_or(const RowGroup& group,
                                         const std::function<torch::Tensor()>& compute) {
  if (takes_kept_ && kept_.has(group.part, group.objectives)) {
    return kept_.weights(group.part, group.objectives);
  }
  return kept_.renew(group.part, group.objectives, compute());
}

// Rows of features are those of a process's own images: with means over images, the inner products
// of all are the sum of the processes' over their number's square.
torch::Tensor GramianWeighting::combine_rows(const torch::Tensor& rows, const RowGroup& group,
                                             StepContext& step, torch::Tensor out) {
  const auto weights = kept_or(group, [&] {
    auto gramian = gram_matrix(rows);
    if (has_feature_rows() && step.collective->size() > 1) {
      step.collective->sum(gramian);
      gramian /= double(step.collective->size() * step.collective->size());
    }
    gramian = gramian.to(torch::kCPU).contiguous();
    return weigh_group(gramian, group, step.draws) * length(rows.size(0));
  });
  weigh_rows(rows, weights, std::move(out));
  return weights;
}

torch::Tensor RowWeighting::combine_rows(const torch::Tensor& rows, const RowGroup& group,
                                         StepContext& step, torch::Tensor out) {
  if (by_column()) {
    for_each_block(rows.size(1), [&](int64_t begin, int64_t end) {
      const auto block = rows.slice(1, begin, end).to(out.scalar_type());
      out.slice(0, begin, end).copy_(combine_group(block, group, step.draws));
    });
  } else {
    out.copy_(combine_group(rows, group, step.draws));
  }
  const double factor = length(rows.size(0));
  if (factor != 1) out.mul_(factor);
  return {};
}

}  // namespace tasuki
