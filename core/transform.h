// A transform of a pipeline. What its plugin includes, with TASUKI_REGISTER.
#pragma once

#include "tasuki/data/transform.h"
#include "tasuki/registry/registry.h"
