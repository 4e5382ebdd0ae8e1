#pragma once

#include <map>
#include <string>
#include <vector>

#include "tasuki/model/model.h"
#include "tasuki/model/parameter_space.h"

namespace tasuki {

// The trainable parameters of the encoder, as parts of the flat vectors in ascending order. A
// parameter that has several names is a route's own only if that route owns it by all of them.
struct ParameterParts {
  using Segments = std::vector<ParameterSpace::Segment>;

  Segments shared;                      // what is no route's own
  std::map<std::string, Segments> own;  // by route; an entry for every route of the model
};
// `parameters` are the model's own.
ParameterParts parameter_parts(const MultiTaskModel& model, const ParameterSpace& parameters);

}  // namespace tasuki
