#include "plugins/self_auxiliaries/coefficient_options.h"

#include "tasuki/registry/registry.h"

namespace tasuki::self_auxiliaries {
CoefficientSchedule read_coefficient(const options::Coefficient& options,
                                     const std::string& field) {
  CoefficientSchedule schedule;
  schedule.value = options.value();
  schedule.warmup_epochs = options.warmup_epochs();
  if (options.has_drop_after()) schedule.drop_after = options.drop_after();
  if (options.decay() == options::Coefficient::CONSTANT) {
    require_option(!options.has_decay_from(), field + ".decay_from", "needs a decay");
    require_option(!options.has_decay_to(), field + ".decay_to", "needs a decay");
    return schedule;
  }
  using Decay = CoefficientSchedule::Decay;
  schedule.decay =
      options.decay() == options::Coefficient::LINEAR ? Decay::kLinear : Decay::kCosine;
  schedule.decay_from = options.decay_from();
  schedule.decay_to = options.decay_to();
  require_option(schedule.decay_to > schedule.decay_from, field + ".decay_to",
                 "must be an epoch after decay_from (" + std::to_string(schedule.decay_from) + ")");
  return schedule;
}

}  // namespace tasuki::self_auxiliaries
