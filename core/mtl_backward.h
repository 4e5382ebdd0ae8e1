// Weightings for a model and a training loop of one's own: what a program includes that has no
// config.
#pragma once

#include "tasuki/config/plugin_builder.h"
#include "tasuki/error/error.h"
#include "tasuki/step/mtl_backward.h"
