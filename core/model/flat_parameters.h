#pragma once

#include "core/model/parameter_space.h"

namespace tasuki {

using FlatParameters = ParameterSpace;

}  // namespace tasuki
