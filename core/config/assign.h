#pragma once

#include <string>

#include "tasuki/config/layer.h"

namespace tasuki {

// Sets one value of a config from "path=value", the command line's --set:
//   model.encoder.depth=18                 scalars, through plugins' options too
//   model.task[seg].loss_scale=2           elements by name (a new name makes a new element)
//   data.train_pipeline[0].scale=[1, 1.5]  elements by position; whole lists of scalars
//   name=trial                             strings, with or without quotes
//   model.encoder=[tasuki/ResNet]{depth:18}, data.loader={workers:4}
//                                          plugins and messages, replaced as a whole
//   protocol.metric=[]                     an empty list
// Error (kUsage): "--set model.encoder.dpth=18: model.encoder.dpth: unknown field ...".
void assign(Layer& layer, const std::string& assignment);

}  // namespace tasuki
