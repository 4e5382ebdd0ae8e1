// An optimizer, and a schedule of its learning rate. What its plugin includes, with
// TASUKI_REGISTER.
#pragma once

#include "tasuki/engine/optimizer.h"
#include "tasuki/registry/registry.h"
