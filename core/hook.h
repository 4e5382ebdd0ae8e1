// A hook: code at the points of the training loop. What its plugin includes, with TASUKI_REGISTER.
#pragma once

#include "tasuki/engine/hook.h"
#include "tasuki/registry/registry.h"
