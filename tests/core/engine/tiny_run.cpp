#include "tests/core/engine/tiny_run.h"

#include <torch/torch.h>

#include <fstream>

#include "tasuki/engine/checkpoint.h"

namespace tasuki::testing {
namespace {

constexpr const char* kConfig = R"(
name: "tiny"
data {
  dataset { [tasuki/Rooms] { height: 32 width: 40 train_size: 6 val_size: 3 test_size: 2 } }
  train_pipeline { [tasuki/RandomScaleCrop] {} }
  train_pipeline { [tasuki/RandomFlip] {} }
  train_pipeline { [tasuki/PhotometricDistortion] {} }
  train_pipeline { [tasuki/Normalize] {} }
  eval_pipeline { [tasuki/Normalize] {} }
  loader { batch_size: 2 workers: 1 }
}
model {
  encoder { [test/SmallEncoder] {} }
  architecture { [tasuki/Branched] { shared_stages: 2 } }
  task { name: "seg" kind { [tasuki/Segmentation] { classes: 13 } }
         decoder { [tasuki/FCNHead] { channels: 8 dropout: 0.1 } } }
  task { name: "depth" kind { [tasuki/Depth] {} } decoder { [tasuki/FCNHead] { channels: 8 } } }
  task { name: "normal" kind { [tasuki/Normals] {} } decoder { [tasuki/FCNHead] { channels: 8 } } }
}
train {
  epochs: 2
  precision: FP32
  device: CPU
  threads: 2
  optimizer { [tasuki/SGD] { lr: 0.01 } }
  schedule { [tasuki/Cosine] {} }
  warmup_steps: 2
  weighting { [tasuki/EW] {} }
  hook { name: "history" hook { [tasuki/History] {} } priority: 70 }
  hook { name: "checkpoint" hook { [tasuki/Checkpoint] {} } priority: 80 }
}
)";

}  // namespace

ResolvedConfig tiny_config(const std::vector<std::string>& assignments) {
  static const bool announced = (Registry::instance().add_folder(TASUKI_ENGINE_MODULES), true);
  static_cast<void>(announced);
  return parse_config(kConfig, "tiny.pbtxt", assignments);
}

TinyRun::TinyRun(const std::filesystem::path& work_dir,
                 const std::vector<std::string>& assignments) {
  const auto config = tiny_config(assignments);
  run = build_run(build_experiment(config, ""), work_dir);
  hooks = build_hooks(config);
}

std::vector<std::pair<std::string, torch::Tensor>> weights_of(const Run& run) {
  std::vector<std::pair<std::string, torch::Tensor>> copies;
  for (const auto& [name, tensor] : named_tensors(*run.experiment.model)) {
    copies.emplace_back(name, tensor.detach().clone());
  }
  return copies;
}

std::string first_difference(const std::vector<std::pair<std::string, torch::Tensor>>& a,
                             const std::vector<std::pair<std::string, torch::Tensor>>& b) {
  if (a.size() != b.size()) return "their number";
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i].first != b[i].first || !a[i].second.equal(b[i].second)) return a[i].first;
  }
  return "";
}

std::vector<nlohmann::json> history_of(const std::filesystem::path& work_dir) {
  std::ifstream in(work_dir / kHistoryFile);
  std::vector<nlohmann::json> lines;
  for (std::string line; std::getline(in, line);) {
    lines.push_back(nlohmann::json::parse(line));
    lines.back().erase("seconds");
    lines.back().erase("waited");
  }
  return lines;
}

}  // namespace tasuki::testing
