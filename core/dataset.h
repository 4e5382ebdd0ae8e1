// A data set. What its plugin includes, with TASUKI_REGISTER.
#pragma once

#include "core/data/dataset.h"
#include "core/data/listed_dataset.h"
#include "core/registry/registry.h"
