// What a program of your own includes to train, evaluate and predict:
//
//   find_package(Tasuki REQUIRED)
//   target_link_libraries(app PRIVATE Tasuki::tasuki)
//
// docs/examples/room_program is one.
#pragma once

#include "tasuki/config/plugin_builder.h"
#include "tasuki/engine/checkpoint.h"
#include "tasuki/engine/evaluate.h"
#include "tasuki/engine/training.h"
#include "tasuki/predict/predictor.h"
#include "tasuki/registry/plugin_folders.h"
#include "tasuki/study/compare.h"
#include "tasuki/study/search.h"
#include "tasuki/study/tune.h"
