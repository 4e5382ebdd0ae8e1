#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cstdlib>
#include <filesystem>

#include "core/engine/experiment.h"
#include "core/engine/trainer.h"

namespace tasuki {
namespace {

namespace fs = std::filesystem;

// Every config of the repository that is one by itself.
std::vector<std::string> configs() {
  const fs::path root = fs::path(TASUKI_SOURCE_DIR) / "configs";
  std::vector<std::string> found;
  for (const auto& item : fs::recursive_directory_iterator(root)) {
    const auto relative = item.path().lexically_relative(root);
    if (item.path().extension() != ".pbtxt" || *relative.begin() == "_base_") continue;
    found.push_back(relative.string());
  }
  std::sort(found.begin(), found.end());
  return found;
}

class EveryConfig : public ::testing::TestWithParam<std::string> {
 protected:
  // Files in options are relative to the folder that `tasuki` runs in.
  void SetUp() override { fs::current_path(TASUKI_SOURCE_DIR); }

  ResolvedConfig load(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> assignments = {"train.device=CPU", "train.precision=FP32"};
    assignments.insert(assignments.end(), more.begin(), more.end());
    return load_config(fs::path(TASUKI_SOURCE_DIR) / "configs" / GetParam(), assignments);
  }
};

TEST_P(EveryConfig, ReadsBackAsResolved) {
  const auto config = load();
  EXPECT_FALSE(config.message().name().empty());
  EXPECT_FALSE(config.message().protocol().name().empty());
  EXPECT_EQ(parse_config(config.text(), "resolved.pbtxt").text(), config.text());
}

TEST_P(EveryConfig, BuildsItsModelAndPredicts) {
  const torch::NoGradGuard no_grad;
  const auto experiment = build_inference(load());
  experiment.model->eval();
  const auto logits =
      experiment.model->forward(torch::zeros({1, 3, 48, 64}), experiment.model->primaries());
  for (const auto& task : experiment.model->tasks()) {
    EXPECT_EQ(logits.at(task.name).size(1), task.task->channels()) << task.name;
  }
}

// On rendered rooms, which have the splits, fields and classes of the data sets on disk.
TEST_P(EveryConfig, BuildsItsRun) {
  const auto config = load({"data.dataset=[tasuki/Rooms]{}"});
  const auto run = build_run(build_experiment(config, ""), "");
  EXPECT_GT(run.steps_per_epoch, 0);
  EXPECT_FALSE(run.active.objectives.empty());
  EXPECT_NO_THROW(build_hooks(config));
}

// Data sets on disk are asked for only where they are.
TEST_P(EveryConfig, ItsFirstSampleHasWhatTheTasksNeed) {
  const auto config = load();
  const char* root = std::getenv("TASUKI_DATA");
  const bool on_disk = config.message().data().dataset().type_url() == "tasuki/Folder";
  if (on_disk && root == nullptr) GTEST_SKIP() << "set TASUKI_DATA to the folder of the data sets";
  EXPECT_NO_THROW(build_experiment(config, root == nullptr ? "" : root));
}

INSTANTIATE_TEST_SUITE_P(Configs, EveryConfig, ::testing::ValuesIn(configs()),
                         [](const auto& info) {
                           std::string name = info.param.substr(0, info.param.rfind('.'));
                           for (char& c : name) c = std::isalnum(c) != 0 ? c : '_';
                           return name;
                         });

}  // namespace
}  // namespace tasuki
