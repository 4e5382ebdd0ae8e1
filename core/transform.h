// A transform of a pipeline. What its plugin includes, with TASUKI_REGISTER.
#pragma once

#include "core/data/transform.h"
#include "core/registry/registry.h"
