// A task. What its plugin includes, with TASUKI_REGISTER.
#pragma once

#include "tasuki/model/task.h"
#include "tasuki/registry/plugin_any.h"
#include "tasuki/registry/registry.h"
