// A loss. What its plugin includes, with TASUKI_REGISTER.
#pragma once

#include "core/model/loss.h"
#include "core/registry/registry.h"
