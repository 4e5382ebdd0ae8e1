// A task. What its plugin includes, with TASUKI_REGISTER.
#pragma once

#include "core/model/task.h"
#include "core/registry/plugin_any.h"
#include "core/registry/registry.h"
