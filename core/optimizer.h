// An optimizer, and a schedule of its learning rate. What its plugin includes, with
// TASUKI_REGISTER.
#pragma once

#include "core/engine/optimizer.h"
#include "core/registry/registry.h"
