#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/model/flat_parameters.h"
#include "core/model/model.h"

namespace tasuki {

// The trainable parameters of the encoder, as parts of the flat vectors in ascending order. A
// parameter that has several names is a route's own only if that route owns it by all of them.
struct ParameterParts {
  using Spans = std::vector<FlatParameters::Span>;

  Spans shared;                      // what is no route's own
  std::map<std::string, Spans> own;  // by route; a span for every route of the model
};
ParameterParts parameter_parts(MultiTaskModel& model, const FlatParameters& parameters);

}  // namespace tasuki
