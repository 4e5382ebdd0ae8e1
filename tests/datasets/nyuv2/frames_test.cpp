#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>

#include "tasuki/data/dataset.h"
#include "tasuki/data/transform.h"
#include "tasuki/io/files.h"
#include "tasuki/io/image_io.h"
#include "tests/core/io/temporary_folder.h"
#include "tests/datasets/nyuv2/official_files.h"
#include "tests/pipelines/plain_fit.h"
#include "tests/pipelines/plugin.h"

namespace tasuki {
namespace {

// The text between the braces that follow `head` in the data set's config.
std::string options_in_config(const std::string& head) {
  const std::string text =
      read_file(std::filesystem::path(TASUKI_SOURCE_DIR) / "configs/_base_/nyuv2_p1_data.pbtxt");
  const size_t begin = text.find('{', text.find(head)) + 1;
  size_t end = begin;
  for (int depth = 1; end < text.size(); ++end) {
    depth += (text[end] == '{') - (text[end] == '}');
    if (depth == 0) break;
  }
  return text.substr(begin, end - begin);
}

// The real frames, where TASUKI_DATA has them.
class Nyuv2 : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* root = std::getenv("TASUKI_DATA");
    if (root == nullptr || !std::filesystem::is_directory(std::filesystem::path(root) / "nyuv2")) {
      GTEST_SKIP() << "TASUKI_DATA has no folder nyuv2; see datasets/nyuv2/README.md";
    }
    data_ = testing::make<Dataset>("tasuki/Folder", options_in_config("[tasuki/Folder]"), {root});
  }
  std::unique_ptr<Dataset> data_;
};

TEST_F(Nyuv2, HasTheOfficialSplit) {
  EXPECT_EQ(data_->size("train"), 636u);
  EXPECT_EQ(data_->size("val"), 159u);
  EXPECT_EQ(data_->size("trainval"), 795u);
  EXPECT_EQ(data_->size("test"), 654u);
  EXPECT_EQ(data_->class_names("seg").size(), 13u);
}

TEST_F(Nyuv2, LabelsAreClassesAndDepthIsMetres) {
  for (const char* split : {"train", "test"}) {
    for (size_t i = 0; i < 600; i += 97) {
      const Sample sample = data_->load(split, i);
      EXPECT_EQ(sample.size(), cv::Size(640, 480));
      double least = 0, most = 0;
      cv::minMaxLoc(sample.field("seg").value, &least, &most);
      EXPECT_GE(least, -1);
      EXPECT_LT(most, 13);
      cv::minMaxLoc(sample.field("depth").value, &least, &most);
      EXPECT_GT(least, 0.5);
      EXPECT_LE(most, 10.1);
    }
  }
}

// Every how many frames are compared; all of them, some minutes and 3 GB, where TASUKI_EVERY_FRAME
// is set.
size_t frame_step() {
  return std::getenv("TASUKI_EVERY_FRAME") == nullptr ? 101 : 1;
}

// The same frames in the official file's layout, through the loader of that.
TEST_F(Nyuv2, OfficialFileGivesTheSameSamples) {
  const auto meta = std::filesystem::path(std::getenv("TASUKI_DATA")) / "nyuv2/meta";
  const auto to_40 = testing::read_numbers(meta / "classMapping40.mat", "mapClass");
  std::vector<int> from_40(41, 0);
  for (size_t label = to_40.size(); label > 0; --label)
    from_40[size_t(to_40[label - 1])] = int(label);
  const auto folder = std::filesystem::path(std::getenv("TASUKI_DATA")) / "nyuv2";
  testing::TemporaryFolder root;
  std::filesystem::create_directories(root / "nyuv2");
  std::filesystem::copy_file(meta / "splits.mat", root / "nyuv2/splits.mat");
  {
    testing::LabeledMatWriter writer(root / "nyuv2/nyu_depth_v2_labeled.mat", 1449, {640, 480});
    for (const char* split : {"train", "val", "test"}) {
      const auto ids = data_->ids(split);
      for (size_t i = 0; i < ids.size(); i += frame_step()) {
        testing::OfficialFrame frame;
        frame.image = read_image(folder / "image" / (ids[i] + ".jpg"));
        read_stored_values(folder / "depth" / (ids[i] + ".png"))
            .convertTo(frame.depth, CV_32F, 0.001);
        cv::Mat labels = read_stored_values(folder / "label40" / (ids[i] + ".png"));
        frame.labels.create(labels.size(), CV_16UC1);
        for (size_t p = 0; p < labels.total(); ++p) {
          frame.labels.at<ushort>(int(p)) = ushort(from_40.at(labels.at<uchar>(int(p))));
        }
        writer.write(std::stoul(ids[i]), frame);
      }
    }
  }
  const auto official =
      testing::make<Dataset>("tasuki/NYUv2", "otherprop_is_void: true", {root.path()});
  size_t compared = 0;
  for (const char* split : {"train", "val", "trainval", "test"}) {
    EXPECT_EQ(official->ids(split), data_->ids(split)) << split;
    for (size_t i = 0; i < data_->size(split) && std::string(split) != "trainval";
         i += frame_step()) {
      const auto ours = official->load(split, i), theirs = data_->load(split, i);
      for (const auto& [name, field] : theirs.fields) {
        EXPECT_EQ(cv::norm(ours.field(name).value, field.value, cv::NORM_INF), 0) << name;
        EXPECT_EQ(ours.field(name).kind, field.kind) << name;
      }
      EXPECT_EQ(ours.fields.size(), theirs.fields.size());
      EXPECT_NEAR(ours.camera->fx, theirs.camera->fx, 1e-4);
      EXPECT_NEAR(ours.camera->cy, theirs.camera->cy, 1e-4);
      ++compared;
    }
  }
  EXPECT_GE(compared, frame_step() == 1 ? 1449u : 15u);
  EXPECT_EQ(official->class_names("seg"), data_->class_names("seg"));
}

constexpr int kFloor = 4, kWall = 11;

TEST_F(Nyuv2, NormalsOfFloorsPointUp) {
  const auto derive = testing::make<Transform>("tasuki/NormalsFromDepth",
                                               options_in_config("[tasuki/NormalsFromDepth]"));
  double up = 0, pixels = 0;
  for (size_t i = 0; i < 636; i += 40) {
    Sample sample = data_->load("train", i);
    cv::RNG random(1);
    derive->apply(sample, random);
    EXPECT_NO_THROW(check_sample(sample));
    const cv::Mat floor = sample.field("seg").value == kFloor;
    cv::Mat y;
    cv::extractChannel(sample.field("normal").value, y, 1);
    up += cv::mean(y, floor)[0] * cv::countNonZero(floor);
    pixels += cv::countNonZero(floor);
  }
  ASSERT_GT(pixels, 10000);
  // y points down. The camera is held level or tilted by up to some 40 degrees.
  EXPECT_LT(up / pixels, -0.75);
}

// Tiles of 64 x 64 pixels that show nothing but `label`.
std::vector<cv::Rect> tiles_of(const Sample& sample, int label) {
  constexpr int kSide = 64, kBorder = 16;  // the pictures have a white border of up to 8 pixels
  const cv::Mat others = sample.field("seg").value != label;
  std::vector<cv::Rect> tiles;
  for (int y = kBorder; y + kSide + kBorder <= others.rows; y += kSide) {
    for (int x = kBorder; x + kSide + kBorder <= others.cols; x += kSide) {
      const cv::Rect tile(x, y, kSide, kSide);
      if (cv::countNonZero(others(tile)) == 0) tiles.push_back(tile);
    }
  }
  return tiles;
}

// Mean angle in degrees between a tile's normals, every eighth pixel, and their mean.
template <class Normal>
double spread(const cv::Rect& tile, const Normal& normal) {
  std::vector<cv::Vec3d> normals;
  cv::Vec3d sum(0, 0, 0);
  for (int y = tile.y + 4; y < tile.br().y; y += 8) {
    for (int x = tile.x + 4; x < tile.br().x; x += 8) {
      normals.push_back(normal(cv::Point(x, y)));
      sum += normals.back();
    }
  }
  double angles = 0;
  for (const auto& one : normals) angles += testing::degrees_between(one, sum);
  return angles / static_cast<double>(normals.size());
}

double median_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.at(values.size() / 2);
}

// No exact normals are known here. On a wall or a floor they should be alike, though, which they
// are more than those of plain fits; datasets/nyuv2/README.md states what this prints.
TEST_F(Nyuv2, NormalsOfWallsAndFloorsAreAlike) {
  const auto derive = testing::make<Transform>("tasuki/NormalsFromDepth",
                                               options_in_config("[tasuki/NormalsFromDepth]"));
  const std::vector<int> windows = {31, 45, 61};
  std::map<int, std::vector<double>> derived;               // by label
  std::map<int, std::map<int, std::vector<double>>> plain;  // by label and window
  double with_normal = 0, pixels = 0;
  for (size_t i = 0; i < 636; i += 40) {
    Sample sample = data_->load("train", i);
    cv::RNG random(1);
    derive->apply(sample, random);
    const cv::Mat &depth = sample.field("depth").value, &normals = sample.field("normal").value;
    with_normal += cv::countNonZero(field_kind("tasuki/normals").valid_mask(normals));
    pixels += static_cast<double>(normals.total());
    for (const int label : {kFloor, kWall}) {
      for (const auto& tile : tiles_of(sample, label)) {
        derived[label].push_back(
            spread(tile, [&](const cv::Point& at) { return normals.at<cv::Vec3f>(at); }));
        for (const int window : windows) {
          plain[label][window].push_back(spread(tile, [&](const cv::Point& at) {
            return testing::plain_fit(depth, *sample.camera, window, 0.1, at);
          }));
        }
      }
    }
  }
  std::printf("  %.3f %% of the pixels have a normal\n", 100 * with_normal / pixels);
  // The others stand alone before or behind what is around them, within a jump of the depth.
  EXPECT_GT(with_normal / pixels, 0.998);
  for (const int label : {kFloor, kWall}) {
    const double ours = median_of(derived[label]);
    std::printf("  %s, %zu tiles: derived %.2f", label == kFloor ? "floors" : "walls",
                derived[label].size(), ours);
    for (const int window : windows) {
      const double theirs = median_of(plain[label][window]);
      std::printf("  plain %d %.2f", window, theirs);
      EXPECT_LE(ours, theirs) << "label " << label << ", window " << window;
    }
    std::printf(" degrees\n");
  }
}

}  // namespace
}  // namespace tasuki
