#include "core/engine/weighting_context.h"

#include "core/engine/parameter_parts.h"

namespace tasuki {
namespace {

constexpr std::string_view kEncoder = "encoder.";

using Spans = Weighting::Context::Spans;

// What the architecture says of a parameter by any of its names; nothing where it does not.
std::set<std::string> routes_of(const Architecture& architecture,
                                const FlatParameters::Span& span) {
  auto names = span.other_names;
  names.push_back(span.name);
  std::set<std::string> routes;
  for (const auto& name : names) {
    if (!name.starts_with(kEncoder)) continue;
    routes.merge(architecture.routes_of(name.substr(kEncoder.size())));
  }
  return routes;
}

void add_by_routes(Weighting::Context& context, const MultiTaskModel& model,
                   const Architecture& architecture) {
  std::set<std::string> every;
  for (const auto& task : model.tasks()) every.insert(task.name);
  for (const auto& span : context.shared) {
    const auto routes = routes_of(architecture, span);
    context.by_routes[routes.empty() ? every : routes].push_back(span);
  }
  for (const auto& [route, spans] : context.own) {
    if (!spans.empty()) context.by_routes[{route}] = spans;
  }
}

void add_decoders(Weighting::Context& context) {
  for (const auto& objective : context.objectives) {
    auto& spans = context.decoders[objective.name];
    for (const auto& span : context.parameters->spans()) {
      if (span.name.starts_with("decoder." + objective.name + ".")) spans.push_back(span);
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
  add_by_routes(context, model, model.architecture());
  add_decoders(context);
  for (const auto& item : model.named_parameters()) context.leaves[item.key()] = item.value();
  context.has_cut = model.architecture().names_cut();
  context.route_normalization = run.experiment.config.message().train().route_normalization();
  context.make_optimizer = [config = run.experiment.config](const torch::Tensor& parameters) {
    return config.create<Optimizer>("train.optimizer", config.message().train().optimizer(),
                                    {parameters});
  };
  return context;
}

}  // namespace tasuki
