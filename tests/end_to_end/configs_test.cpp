#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cstdlib>
#include <filesystem>

#include "core/data/npy.h"
#include "core/engine/experiment.h"
#include "core/engine/trainer.h"
#include "tests/core/data/temporary_folder.h"
#include "tests/datasets/cityscapes/official_tree.h"
#include "tests/datasets/nyuv2/official_files.h"
#include "tests/datasets/taskonomy/official_tree.h"

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

// Drawn frames in the files of benchmarks that are not here: official ones, and prepared copies.
const fs::path& drawn_data() {
  static const testing::TemporaryFolder folder;
  static const bool written = [] {
    const testing::CityscapesTree cityscapes(folder.path(), {128, 64});
    const testing::TaskonomyTree taskonomy(folder.path(), 64);
    testing::write_drawn_frames(folder.path(), {640, 480});
    for (const auto* split : {"nyuv2/train/", "nyuv2/val/"}) {
      for (int i = 0; i < 12; ++i) {
        const auto file = [&](const char* field) {
          return folder / split / field / (std::to_string(i) + ".npy");
        };
        write_npy(file("image"), cv::Mat(288, 384, CV_32FC3, cv::Scalar::all(0.05 * i)));
        write_npy(file("label"), cv::Mat(288, 384, CV_32FC1, cv::Scalar(i - 1)));
        write_npy(file("depth"), cv::Mat(288, 384, CV_32FC1, cv::Scalar(2)));
        write_npy(file("normal"), cv::Mat(288, 384, CV_32FC3, cv::Scalar(0, 0, -1)));
      }
    }
    return true;
  }();
  CV_Assert(written);
  return folder.path();
}

bool is_prepared(const ResolvedConfig& config) {
  return config.text().find("\".npy\"") != std::string::npos;
}

bool is_drawn(const ResolvedConfig& config) {
  const auto& type = config.message().data().dataset().type_url();
  return type == "tasuki/NYUv2" || type == "tasuki/Cityscapes" || type == "tasuki/Taskonomy" ||
         is_prepared(config);
}

// On drawn frames of the data set, or on rendered rooms, which have the splits, fields and classes
// of folders on disk.
TEST_P(EveryConfig, BuildsItsRun) {
  const bool drawn = is_drawn(load());
  const auto config = drawn ? load() : load({"data.dataset=[tasuki/Rooms]{}"});
  const auto run = build_run(build_experiment(config, drawn ? drawn_data() : fs::path()), "");
  EXPECT_GT(run.steps_per_epoch, 0);
  EXPECT_FALSE(run.active.objectives.empty());
  EXPECT_NO_THROW(build_hooks(config));
}

// The real frames are asked for only where they are.
TEST_P(EveryConfig, ItsFirstSampleHasWhatTheTasksNeed) {
  const auto config = load();
  fs::path root = drawn_data();
  if (!is_drawn(config) && config.message().data().dataset().type_url() == "tasuki/Folder") {
    const char* given = std::getenv("TASUKI_DATA");
    if (given == nullptr) GTEST_SKIP() << "set TASUKI_DATA to the folder of the data sets";
    root = given;
  }
  EXPECT_NO_THROW(build_experiment(config, root));
}

INSTANTIATE_TEST_SUITE_P(Configs, EveryConfig, ::testing::ValuesIn(configs()),
                         [](const auto& info) {
                           std::string name = info.param.substr(0, info.param.rfind('.'));
                           for (char& c : name) c = std::isalnum(c) != 0 ? c : '_';
                           return name;
                         });

}  // namespace
}  // namespace tasuki
