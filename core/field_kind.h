// A kind of fields of samples. What its plugin includes, with TASUKI_REGISTER.
#pragma once

#include "core/data/field_kind.h"
#include "core/data/sample.h"
#include "core/registry/registry.h"
