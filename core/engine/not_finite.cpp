#include "tasuki/engine/not_finite.h"

#include <torch/torch.h>

#include <cmath>

#include "tasuki/engine/step_losses.h"
#include "tasuki/step/shared_losses.h"

namespace tasuki {
namespace {

Error error_of(const Run& run, const Batch& batch, const std::string& what) {
  std::vector<std::string> ids;
  for (const auto& sample : batch.samples) ids.push_back(sample.id);
  const std::string coarse =
      run.experiment.precision == BF16 ? ", or set train.precision to FP32" : "";
  return {ErrorKind::kRun, what + " in epoch " + std::to_string(run.epoch + 1) + ", step " +
                               std::to_string(run.step + 1) + " (samples " + join(ids) +
                               "); the weights are still those before this step: lower the "
                               "learning rate, or set train.clip_norm" +
                               coarse};
}

// The parameter where the gradient buffer first holds something that is not finite.
std::string first_parameter(const ParameterSpace& parameters) {
  for (const auto& span : parameters.segments()) {
    const auto part = parameters.gradient().slice(0, span.begin, span.end);
    if (!part.isfinite().all().item<bool>()) return span.name;
  }
  return "";
}

}  // namespace

std::optional<Error> not_finite(const Run& run, const Batch& batch, const torch::Tensor& random,
                                const std::vector<double>& losses) {
  const auto& objectives = run.active.objectives;
  for (size_t i = 0; i < losses.size(); ++i) {
    if (std::isfinite(losses[i])) continue;
    return error_of(run, batch,
                    "the loss of " + objectives[i].name + " is " + std::to_string(losses[i]));
  }
  for (const auto& [name, value] : run.of_extra(run.last.losses)) {
    if (std::isfinite(value)) continue;
    return error_of(run, batch,
                    "the extra loss " + name + " of the architecture is " + std::to_string(value));
  }
  const auto& experiment = run.experiment;
  const SharedLosses own(Collective::alone());
  const KeptRandomState kept_random(experiment.device);
  const KeptBuffers kept_buffers(*experiment.model);
  set_random_state(experiment.device, random);
  const auto again = step_losses(experiment, batch, objectives);
  for (size_t i = 0; i < again.size(); ++i) {
    run.parameters->zero_gradient();
    again[i].backward({}, i + 1 < again.size());
    const auto parameter = first_parameter(*run.parameters);
    if (parameter.empty()) continue;
    return error_of(run, batch,
                    "the gradient of " + objectives[i].name + " is not finite (first in " +
                        parameter + "; its loss is " + std::to_string(losses[i]) + ")");
  }
  return {};
}

Error combination_not_finite(const Run& run, const Batch& batch,
                             const std::vector<double>& losses) {
  for (size_t i = 0; i < losses.size(); ++i) {
    if (losses[i] > 0) continue;
    return error_of(run, batch,
                    "the gradient is not finite, though that of every objective is: the weighting "
                    "may need losses above 0, and that of " +
                        run.active.objectives[i].name + " is " + std::to_string(losses[i]) +
                        " (`tasuki plugins` says what each needs)");
  }
  return error_of(run, batch,
                  "the gradient is not finite, though that of every objective is: what the "
                  "weighting makes of them, or their norm, is too large for its type");
}

}  // namespace tasuki
