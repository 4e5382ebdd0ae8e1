#pragma once

#include <string>

#include "plugins/self_auxiliaries/coefficient.pb.h"
#include "tasuki/model/coefficient.h"

namespace tasuki::self_auxiliaries {

// The schedule that the options describe. OptionError with `field` in front of the field's path.
CoefficientSchedule read_coefficient(const options::Coefficient& options, const std::string& field);

}  // namespace tasuki::self_auxiliaries
