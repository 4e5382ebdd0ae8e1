#include "tasuki/engine/weighting_context.h"

#include "tasuki/engine/parameter_parts.h"

namespace tasuki {
namespace {

void add_parts(Weighting::Context& context) {
  for (const auto& objective : context.objectives) context.decoders[objective.name] = {};
  for (const auto& segment : context.parameters->segments()) {
    if (!segment.routes.empty()) context.by_routes[segment.routes].push_back(segment);
    for (const auto& objective : segment.objectives) {
      context.decoders[objective].push_back(segment);
    }
  }
}

}  // namespace

Weighting::Context weighting_context(const Run& run) {
  auto& model = *run.experiment.model;
  Weighting::Context context;
  context.objectives = model.objectives();
  context.parameters = run.parameters.get();
  auto parts = parameter_parts(model, *run.parameters);
  context.shared = std::move(parts.shared);
  context.own = std::move(parts.own);
  add_parts(context);
  for (const auto& item : model.named_parameters()) context.leaves[item.key()] = item.value();
  context.has_cut = model.names_cut();
  context.route_normalization = run.experiment.config.message().train().route_normalization();
  context.make_optimizer = [config = run.experiment.config](const Optimizer::Context& own) {
    return config.create<Optimizer>("train.optimizer", config.message().train().optimizer(), own);
  };
  return context;
}

}  // namespace tasuki
