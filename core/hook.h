// A hook: code at the points of the training loop. What its plugin includes, with TASUKI_REGISTER.
#pragma once

#include "core/engine/hook.h"
#include "core/registry/registry.h"
