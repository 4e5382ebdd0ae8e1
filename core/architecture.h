// An architecture: how the stages of an encoder are shared between tasks. What its plugin includes,
// with TASUKI_REGISTER.
#pragma once

#include "tasuki/model/architecture.h"
#include "tasuki/registry/registry.h"
