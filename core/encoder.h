// An encoder: the stages of a trunk. What its plugin includes, with TASUKI_REGISTER.
#pragma once

#include "tasuki/model/encoder.h"
#include "tasuki/registry/registry.h"
