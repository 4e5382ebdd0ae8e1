// A decoder: features to logits. What its plugin includes, with TASUKI_REGISTER.
#pragma once

#include "tasuki/model/decoder.h"
#include "tasuki/registry/registry.h"
