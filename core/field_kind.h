// A kind of fields of samples. What its plugin includes, with TASUKI_REGISTER.
#pragma once

#include "tasuki/data/field_kind.h"
#include "tasuki/data/sample.h"
#include "tasuki/registry/registry.h"
