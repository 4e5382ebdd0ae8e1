#pragma once

#include <torch/types.h>

#include <string>

#include "tasuki/step/objective_value.pb.h"
#include "tasuki/step/weighting.h"

namespace tasuki {

using ObjectiveValueList = google::protobuf::RepeatedPtrField<options::ObjectiveValue>;

// What the field of some options gives each of the model's objectives, [N] float64; `fallback` for
// those that it does not name. OptionError for a name that is none of theirs or is there twice, and
// for values that are not finite or below `least`.
torch::Tensor objective_values(const ObjectiveValueList& list, const std::string& field,
                               double fallback, double least, const Weighting::Context& context);
// The same of weights: at least 0, and not all of them 0.
torch::Tensor objective_weights(const ObjectiveValueList& list, const std::string& field,
                                double fallback, const Weighting::Context& context);

}  // namespace tasuki
