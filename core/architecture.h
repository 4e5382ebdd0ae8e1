// An architecture: how the stages of an encoder are shared between tasks. What its plugin includes,
// with TASUKI_REGISTER.
#pragma once

#include "core/model/architecture.h"
#include "core/registry/registry.h"
