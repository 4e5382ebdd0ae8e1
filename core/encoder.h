// An encoder: the stages of a trunk. What its plugin includes, with TASUKI_REGISTER.
#pragma once

#include "core/model/encoder.h"
#include "core/registry/registry.h"
