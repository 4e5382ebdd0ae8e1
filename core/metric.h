// A metric. What its plugin includes, with TASUKI_REGISTER.
#pragma once

#include "tasuki/model/metric.h"
#include "tasuki/registry/registry.h"
