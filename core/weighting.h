// A weighting: what the gradients of several losses come to. What its plugin includes, with
// TASUKI_REGISTER.
#pragma once

#include "tasuki/registry/registry.h"
#include "tasuki/step/weighting.h"
