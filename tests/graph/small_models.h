#pragma once

#include <torch/torch.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tasuki/loader/batch.h"
#include "tasuki/model/model.h"
#include "tests/core/model/three_tasks.h"

// Models of the test doubles: three tasks of a few channels on images of 16 x 24 pixels.
namespace tasuki::testing {

struct SmallModel {
  std::string encoder = "[test/TwoBranches] {}";
  std::string architecture = "[tasuki/HardSharing] {}";
  std::string decoder = "decoder { [tasuki/FCNHead] { channels: 8 } }";  // of seg and depth
  std::string rest;                                                      // of the model

  std::string text() const {
    const std::string head = "decoder { [tasuki/FCNHead] { channels: 8 } }";
    return "model {\n  encoder { " + encoder + " }\n  architecture { " + architecture +
           " }\n  task { name: \"seg\" kind { [tasuki/Segmentation] { classes: 5 } } " + decoder +
           " }\n  task { name: \"depth\" kind { [tasuki/Depth] {} } " + decoder +
           " }\n  task { name: \"normal\" kind { [tasuki/Normals] {} } " +
           (decoder.empty() ? head : decoder) + " }\n  " + rest + "\n}\n";
  }
  std::unique_ptr<MultiTaskModel> make(Network network = Network::kTraining) const {
    torch::manual_seed(3);
    return std::make_unique<MultiTaskModel>(parse_config(text(), "small.pbtxt"), no_names, network);
  }
  // What making it says.
  std::string refusal() const {
    try {
      make();
    } catch (const Error& error) {
      return error.what();
    }
    return "nothing refused";
  }
};

// Tokens under a head with deep supervision.
inline SmallModel token_model(const std::string& options = "") {
  return {"[test/Patches] {}", "[tasuki/Branched] { shared_stages: 2 }",
          "decoder { [test/TokenHead] { " + options + " } }", ""};
}

// seg and depth tell each other, each on stages of its own.
inline SmallModel distilling_model(const std::string& options = "", const std::string& more = "") {
  return {"[test/TwoBranches] {}", "[tasuki/Branched] { shared_stages: 2 }", "",
          "decoder { name: \"distill\" serves: [\"seg\", \"depth\"] kind { [test/Distill] { " +
              options + " } } }\n  " + more};
}

// Two images with labels of the three tasks.
inline Batch small_batch() {
  torch::manual_seed(11);
  Batch batch;
  batch.tensors["image"] = torch::randn({2, 3, 16, 24});
  batch.tensors["seg"] = torch::randint(0, 5, {2, 16, 24}, torch::kInt64);
  batch.tensors["depth"] = torch::rand({2, 1, 16, 24}) + 1;
  const auto normal = torch::randn({2, 3, 16, 24});
  batch.tensors["normal"] = normal / normal.norm(2, 1, true);
  batch.samples.resize(2);
  return batch;
}

// The loss of an objective of this name.
inline torch::Tensor loss_of(MultiTaskModel& model, const std::string& name, const Batch& batch) {
  for (const auto& objective : model.objectives()) {
    if (objective.name != name) continue;
    const auto output = model.outputs(batch.tensor("image"), {objective});
    return model.loss(objective, output.decoded.at(name), batch);
  }
  throw Error(ErrorKind::kUsage, "no objective " + name);
}

// Parameters that this loss reaches with a gradient that is not zero.
inline std::set<std::string> reached_by(MultiTaskModel& model, const torch::Tensor& loss) {
  for (auto& parameter : model.parameters()) parameter.mutable_grad() = torch::Tensor();
  loss.backward();
  std::set<std::string> names;
  for (const auto& item : model.named_parameters()) {
    const auto& gradient = item.value().grad();
    if (gradient.defined() && gradient.count_nonzero().item<int64_t>() > 0) {
      names.insert(item.key());
    }
  }
  return names;
}

}  // namespace tasuki::testing
