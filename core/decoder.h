// A decoder: features to logits. What its plugin includes, with TASUKI_REGISTER.
#pragma once

#include "core/model/decoder.h"
#include "core/registry/registry.h"
