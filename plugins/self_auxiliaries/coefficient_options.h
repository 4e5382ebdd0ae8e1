#pragma once

#include <string>

#include "core/model/coefficient.h"
#include "plugins/self_auxiliaries/coefficient.pb.h"

namespace tasuki::self_auxiliaries {

// The schedule that the options describe. OptionError with `field` in front of the field's path.
CoefficientSchedule read_coefficient(const options::Coefficient& options, const std::string& field);

}  // namespace tasuki::self_auxiliaries
