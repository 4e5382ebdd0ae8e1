// A data set. What its plugin includes, with TASUKI_REGISTER.
#pragma once

#include "tasuki/data/dataset.h"
#include "tasuki/data/listed_dataset.h"
#include "tasuki/registry/registry.h"
