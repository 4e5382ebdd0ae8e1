#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tasuki/config/config.h"
#include "tasuki/data/dataset.h"
#include "tasuki/study/trial_result.h"

namespace tasuki {

// What a study asks of the networks that configs describe, before anything is trained.

// The metrics of every task of a config, those of its protocol marked.
MetricInfos metric_infos(const ResolvedConfig& config, const Dataset& dataset);
// Builds the network that a config trains: mistakes that would show only when its turn comes are
// Errors now, located in the config. Returns its self-auxiliaries, "normal->seg".
std::vector<std::string> check_network(const ResolvedConfig& config, const Dataset& dataset);
// Steps of an epoch of training by a config. Error, located in it, where a training could not
// begin: there is less than one batch, or the warm-up takes all of its steps. A shorter trial's
// warm-up is shorter as well, and leaves it some wherever the whole training has some.
int64_t check_steps(const ResolvedConfig& config, const Dataset& dataset);
// Parameters of the network that a config has at inference.
int64_t inference_parameters(const ResolvedConfig& config, const Dataset& dataset);

}  // namespace tasuki
