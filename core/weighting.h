// A weighting: what the gradients of several losses come to. What its plugin includes, with
// TASUKI_REGISTER.
#pragma once

#include "core/registry/registry.h"
#include "core/step/weighting.h"
