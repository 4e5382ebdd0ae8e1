// A loss. What its plugin includes, with TASUKI_REGISTER.
#pragma once

#include "tasuki/model/loss.h"
#include "tasuki/registry/registry.h"
