// A metric. What its plugin includes, with TASUKI_REGISTER.
#pragma once

#include "core/model/metric.h"
#include "core/registry/registry.h"
