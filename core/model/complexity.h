#pragma once

#include <torch/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tasuki/model/model.h"

namespace tasuki {

// What a network costs for one image; FLOPs as FlopCounter counts them.
struct NetworkCost {
  int64_t parameters = 0;
  std::map<std::string, int64_t> forward;  // FLOPs by part
  int64_t backward = 0;  // FLOPs, of every objective into every parameter; 0 at inference
};

// Runs the network once over `image` [1, 3, h, w], forwards and, where it is one for training,
// backwards with equal weights.
NetworkCost network_cost(MultiTaskModel& model, const torch::Tensor& image);

// Parameters by part: "encoder.<stage>.<instance>" or "decoder.<objective>", in the model's order.
std::vector<std::pair<std::string, int64_t>> parameters_by_part(const MultiTaskModel& model);

}  // namespace tasuki
