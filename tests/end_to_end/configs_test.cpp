#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cstdlib>
#include <filesystem>
#include <optional>

#include "tasuki/engine/experiment.h"
#include "tasuki/engine/trainer.h"
#include "tasuki/io/files.h"
#include "tasuki/io/image_io.h"
#include "tasuki/io/npy.h"
#include "tests/core/io/temporary_folder.h"
#include "tests/datasets/cityscapes/official_tree.h"
#include "tests/datasets/nyuv2/official_files.h"
#include "tests/datasets/pascal_context/pascal_tree.h"
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

// Of each drawn list.
constexpr int kFrames = 12;

// The .npy files that MTAN and LibMTL read, below `folder`/train and `folder`/val.
void write_prepared(const fs::path& folder, cv::Size size, int classes) {
  for (const auto* split : {"train", "val"}) {
    for (int i = 0; i < kFrames; ++i) {
      const auto file = [&](const char* field) {
        return folder / split / field / (std::to_string(i) + ".npy");
      };
      write_npy(file("image"), cv::Mat(size, CV_32FC3, cv::Scalar::all(0.05 * i)));
      write_npy(file("label"), cv::Mat(size, CV_32FC1, cv::Scalar(i % (classes + 1) - 1)));
      write_npy(file("depth"), cv::Mat(size, CV_32FC1, cv::Scalar(2)));
      write_npy(file("normal"), cv::Mat(size, CV_32FC3, cv::Scalar(0, 0, -1)));
    }
  }
}

std::string ids() {
  std::string text;
  for (int i = 0; i < kFrames; ++i) text += std::to_string(i) + "\n";
  return text;
}

void write_voc(const fs::path& folder) {
  for (int i = 0; i < kFrames; ++i) {
    const cv::Size size(60 + i, 40);
    const auto id = std::to_string(i);
    write_image(folder / "JPEGImages" / (id + ".jpg"), cv::Mat(size, CV_8UC3, cv::Scalar(1, 2, 3)));
    for (const auto* labels : {"SegmentationClass", "SegmentationClassAug"}) {
      write_image(folder / labels / (id + ".png"), cv::Mat(size, CV_8UC1, cv::Scalar(i)));
    }
  }
  for (const auto* list : {"train", "val", "train_aug"}) {
    write_file_atomically(folder / "ImageSets/Segmentation" / (std::string(list) + ".txt"), ids());
  }
}

void write_nyud_mt(const fs::path& folder) {
  const cv::Size size(576, 448);
  for (int i = 0; i < kFrames; ++i) {
    const auto id = std::to_string(i);
    write_image(folder / "images" / (id + ".jpg"), cv::Mat(size, CV_8UC3, cv::Scalar(1, 2, 3)));
    write_image(folder / "segmentation" / (id + ".png"), cv::Mat(size, CV_8UC1, cv::Scalar(i)));
    write_npy(folder / "depth" / (id + ".npy"), cv::Mat(size, CV_32FC1, cv::Scalar(2)));
    write_npy(folder / "normals" / (id + ".npy"), cv::Mat(size, CV_32FC3, cv::Scalar(0, 0, 1)));
  }
  for (const auto* list : {"train", "val"}) {
    write_file_atomically(folder / "gt_sets" / (std::string(list) + ".txt"), ids());
  }
}

// Drawn frames in the files of benchmarks that are not here: official ones, and prepared copies.
const fs::path& drawn_data() {
  static const testing::TemporaryFolder folder;
  static const bool written = [] {
    const testing::CityscapesTree cityscapes(folder.path(), {128, 64});
    const testing::PascalTree pascal(folder.path(), {60, 40});
    const testing::TaskonomyTree taskonomy(folder.path(), 64);
    testing::write_drawn_frames(folder.path(), {640, 480});
    write_prepared(folder / "nyuv2", {384, 288}, 13);
    write_prepared(folder / "cityscapes", {256, 128}, 7);
    write_voc(folder / "VOCdevkit/VOC2012");
    write_nyud_mt(folder / "NYUD_MT");
    return true;
  }();
  CV_Assert(written);
  return folder.path();
}

// The folder of pictures of NYUv2's frames is the one that is not drawn.
bool is_drawn(const ResolvedConfig& config) {
  const auto text = config.text();
  const auto& type = config.message().data().dataset().type_url();
  if (type == "tasuki/Rooms") return false;
  return type != "tasuki/Folder" || text.find("\"label40\"") == std::string::npos;
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

// Where the config's data are: drawn, or real ones, which are asked for only where they are.
std::optional<fs::path> data_of(const ResolvedConfig& config) {
  const bool rooms = config.message().data().dataset().type_url() == "tasuki/Rooms";
  if (is_drawn(config) || rooms) return drawn_data();
  const char* given = std::getenv("TASUKI_DATA");
  return given == nullptr ? std::nullopt : std::optional<fs::path>(given);
}

TEST_P(EveryConfig, ItsFirstSampleHasWhatTheTasksNeed) {
  const auto config = load();
  const auto root = data_of(config);
  if (!root) GTEST_SKIP() << "set TASUKI_DATA to the folder of the data sets";
  EXPECT_NO_THROW(build_experiment(config, *root));
}

// Part of the valid normals of a sample for which n . ray < 0; where the camera is not known, of
// one that sees 53 degrees.
double facing_part(const Sample& sample, const Field& field) {
  const double width = field.value.cols;
  const Camera camera =
      sample.camera.value_or(Camera{width, width, (width - 1) / 2, (field.value.rows - 1) / 2.0});
  const cv::Mat valid = field.kind->valid_mask(field.value);
  int facing = 0;
  for (int y = 0; y < field.value.rows; ++y) {
    for (int x = 0; x < field.value.cols; ++x) {
      const cv::Vec3d ray((x - camera.cx) / camera.fx, (y - camera.cy) / camera.fy, 1);
      const bool known = valid.at<uchar>(y, x) != 0;
      facing += known && cv::Vec3d(field.value.at<cv::Vec3f>(y, x)).dot(ray) < 0;
    }
  }
  return facing / std::max(1.0, double(cv::countNonZero(valid)));
}

TEST_P(EveryConfig, ItsNormalsFaceTheCamera) {
  const auto config = load();
  const auto root = data_of(config);
  if (!root) GTEST_SKIP() << "set TASUKI_DATA to the folder of the data sets";
  const auto experiment = build_experiment(config, *root);
  const auto source = experiment.source(experiment.train_split(), Experiment::Pipeline::kTrain);
  const Sample sample = source->get(0, 0);
  for (const auto& task : experiment.model->tasks()) {
    if (task.task->field_kind() != "tasuki/normals") continue;
    EXPECT_GT(facing_part(sample, sample.field(task.field)), 0.99) << task.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Configs, EveryConfig, ::testing::ValuesIn(configs()),
                         [](const auto& info) {
                           std::string name = info.param.substr(0, info.param.rfind('.'));
                           for (char& c : name) c = std::isalnum(c) != 0 ? c : '_';
                           return name;
                         });

}  // namespace
}  // namespace tasuki
