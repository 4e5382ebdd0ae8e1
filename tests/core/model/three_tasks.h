#pragma once

#include <torch/torch.h>

#include <memory>
#include <string>
#include <vector>

#include "tasuki/model/model.h"

namespace tasuki::testing {

// A data set that names no classes.
inline std::vector<std::string> no_names(const std::string& /*field*/) {
  return {};
}

// "seg", "depth" and "normal" on a half-shared encoder, with the self-auxiliaries of `policy`:
// "[tasuki/AllPairs] {}". The weights are always the same.
inline std::unique_ptr<MultiTaskModel> three_tasks(const std::string& policy,
                                                   const std::vector<std::string>& assignments = {},
                                                   Network network = Network::kTraining) {
  const std::string config = R"(model {
  encoder { [tasuki/ResNet] { depth: 18 output_stride: 32 } }
  architecture { [tasuki/Branched] { shared_stages: 3 } }
  task { name: "seg" kind { [tasuki/Segmentation] { classes: 5 } } decoder { [tasuki/FCNHead] { channels: 8 } } }
  task { name: "depth" kind { [tasuki/Depth] {} } decoder { [tasuki/FCNHead] { channels: 8 } } }
  task { name: "normal" kind { [tasuki/Normals] {} } decoder { [tasuki/FCNHead] { channels: 8 } } }
  self_auxiliary { )" + policy +
                             " }\n}\n";
  torch::manual_seed(3);
  return std::make_unique<MultiTaskModel>(parse_config(config, "model.pbtxt", assignments),
                                          no_names, network);
}

}  // namespace tasuki::testing
