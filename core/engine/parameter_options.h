#pragma once

#include <string>
#include <vector>

#include "tasuki/config/config.h"
#include "tasuki/model/model.h"
#include "tasuki/model/parameter_info.h"

namespace tasuki {

// Whether the config treats some parameters otherwise than others.
bool has_parameter_options(const Train& train);

// Sets the multipliers of a model's parameters, and freezes some, as train.parameters, no_decay and
// layer_decay say. Frozen ones no longer require a gradient, and batch normalisation of theirs
// stays in evaluation mode, unless train.freeze_batch_norm is false. Located errors: a value out of
// its range; a pattern that fits no parameter; an objective that has nothing left to train.
void apply_parameter_options(const ResolvedConfig& config, MultiTaskModel& model,
                             std::vector<ParameterInfo>& parameters);

// For people: a line for the parameters of a part that are treated alike, with their number and
// multipliers, and the totals.
std::string parameter_table(const std::vector<ParameterInfo>& parameters);
// A line for each parameter: its name, kind, shape and multipliers.
std::string parameter_list(const std::vector<ParameterInfo>& parameters);

}  // namespace tasuki
