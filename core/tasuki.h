// What a program of your own includes to train, evaluate and predict:
//
//   find_package(Tasuki REQUIRED)
//   target_link_libraries(app PRIVATE Tasuki::tasuki)
//
// docs/examples/room_program is one.
#pragma once

#include "core/engine/checkpoint.h"
#include "core/engine/evaluate.h"
#include "core/engine/training.h"
#include "core/predict/predictor.h"
#include "core/registry/plugin_folders.h"
#include "core/study/compare.h"
#include "core/study/search.h"
