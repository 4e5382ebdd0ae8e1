#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "tasuki/data/dataset.h"
#include "tasuki/io/files.h"
#include "tests/core/io/temporary_folder.h"
#include "tests/datasets/nyuv2/official_files.h"
#include "tests/pipelines/plugin.h"

namespace tasuki {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::LabeledMatWriter;
using testing::OfficialFrame;

constexpr size_t kFrames = 12;
const cv::Size kSize(6, 4);

// Every pixel of every frame is different.
OfficialFrame drawn(size_t number) {
  OfficialFrame frame;
  frame.image.create(kSize, CV_8UC3);
  frame.depth.create(kSize, CV_32FC1);
  frame.labels.create(kSize, CV_16UC1);
  for (int y = 0; y < kSize.height; ++y) {
    for (int x = 0; x < kSize.width; ++x) {
      const int at = y * kSize.width + x;
      frame.image.at<cv::Vec3b>(y, x) = cv::Vec3b(uchar(at), uchar(100 + at), uchar(200 + number));
      frame.depth.at<float>(y, x) = 1 + 0.1f * float(at) + float(number);
      frame.labels.at<ushort>(y, x) = ushort(at);
    }
  }
  frame.raw = frame.depth.clone();
  frame.raw.at<float>(2, 5) = 0;
  return frame;
}

class OfficialFiles : public ::testing::Test {
 protected:
  OfficialFiles() {
    std::filesystem::create_directories(root_ / "nyuv2");
    LabeledMatWriter writer(labeled(), kFrames, kSize);
    for (size_t i = 1; i <= kFrames; ++i) writer.write(i, drawn(i));
    // Frames 1 to 10 train; scenes of three frames each.
    std::vector<std::string> scenes;
    for (size_t i = 0; i < kFrames; ++i) scenes.push_back("room_" + std::to_string(i / 3));
    writer.write_scenes(scenes);
    testing::write_splits(splits(), {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, {12, 11});
  }
  std::filesystem::path labeled() const { return root_ / "nyuv2/nyu_depth_v2_labeled.mat"; }
  std::filesystem::path splits() const { return root_ / "nyuv2/splits.mat"; }
  std::unique_ptr<Dataset> dataset(const std::string& options = "") const {
    return testing::make<Dataset>("tasuki/NYUv2", options, {root_.path()});
  }
  // Of the error that making the data set and loading the first test sample gives.
  std::string failure(const std::string& options = "") const {
    try {
      dataset(options)->load("test", 0);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }
  void rewrite(const OfficialFrame& twelfth) {
    LabeledMatWriter writer(labeled(), kFrames, kSize);
    writer.write(12, twelfth);
  }

  testing::TemporaryFolder root_;
};

TEST_F(OfficialFiles, AreReadAsTheyAre) {
  const auto data = dataset("classes: 894");
  EXPECT_THAT(data->splits(), ElementsAre("train", "val", "trainval", "test"));
  EXPECT_THAT(data->ids("test"), ElementsAre("0012", "0011"));
  const Sample sample = data->load("test", 0);
  const auto frame = drawn(12);
  EXPECT_EQ(cv::norm(sample.field("image").value, frame.image, cv::NORM_INF), 0);
  EXPECT_EQ(cv::norm(sample.field("depth").value, frame.depth, cv::NORM_INF), 0);
  for (int y = 0; y < kSize.height; ++y) {
    for (int x = 0; x < kSize.width; ++x) {
      // Unlabelled is 0, and class 1 has index 0.
      EXPECT_EQ(sample.field("seg").value.at<int>(y, x), frame.labels.at<ushort>(y, x) - 1);
    }
  }
  EXPECT_EQ(sample.field("seg").file, labeled().string());
  EXPECT_FALSE(sample.camera) << "known for frames of 640x480 alone";
  EXPECT_EQ(data->class_names("seg").size(), 894u);
  EXPECT_EQ(data->class_names("seg")[2], "cabinet");
  EXPECT_THAT(data->class_names("depth"), IsEmpty());
}

TEST_F(OfficialFiles, RawDepthHasHoles) {
  const Sample sample = dataset("depth: RAW")->load("test", 0);
  EXPECT_EQ(cv::norm(sample.field("depth").value, drawn(12).raw, cv::NORM_INF), 0);
}

TEST_F(OfficialFiles, ValidationIsTheEndOfTrain) {
  EXPECT_THAT(dataset()->ids("val"), ElementsAre("0009", "0010"));
  EXPECT_EQ(dataset()->size("train"), 8u);
  EXPECT_EQ(dataset()->size("trainval"), 10u);
  EXPECT_THAT(dataset("validation: 0.3")->ids("val"), ElementsAre("0008", "0009", "0010"));
  // 0007 to 0009 are one room.
  EXPECT_THAT(dataset("whole_scenes: true")->ids("val"), ElementsAre("0010"));
  EXPECT_THAT(dataset("whole_scenes: true validation: 0.4")->ids("val"),
              ElementsAre("0007", "0008", "0009", "0010"));
  EXPECT_THAT(failure("validation: 0.01"), HasSubstr("split \"val\" is empty"));
}

TEST_F(OfficialFiles, ErrorsOfOptionsNameThem) {
  EXPECT_THAT(failure("classes: 12"), HasSubstr("classes: must be 13, 40 or 894, not 12"));
  EXPECT_THAT(failure("classes: 894 otherprop_is_void: true"), HasSubstr("otherprop_is_void"));
  EXPECT_THAT(failure("validation: 1"), HasSubstr("validation: must be above 0 and below 1"));
  EXPECT_THAT(failure("root: 'nowhere'"), AllOf(HasSubstr("nowhere"), HasSubstr("--data-root")));
  EXPECT_THAT(failure("labeled: 'none.mat'"),
              HasSubstr("none.mat: can't be opened: No such file or directory"));
  EXPECT_THAT(failure("splits: 'none.mat'"),
              HasSubstr("none.mat: can't be opened: No such file or directory"));
}

TEST_F(OfficialFiles, DamagedFilesAreErrors) {
  const auto whole = read_file(labeled());
  EXPECT_THAT(failure("labeled: 'splits.mat'"), HasSubstr("splits.mat: not an HDF5 file"));
  EXPECT_THAT(failure("splits: 'nyu_depth_v2_labeled.mat'"), HasSubstr("variable trainNdxs"));
  for (const size_t bytes : {size_t(0), size_t(600), whole.size() / 2, whole.size() - 1}) {
    write_file_atomically(labeled(), whole.substr(0, bytes));
    EXPECT_THAT(failure(), HasSubstr("nyu_depth_v2_labeled.mat: ")) << bytes;
  }
  const auto splits_whole = read_file(splits());
  write_file_atomically(labeled(), whole);
  for (const size_t bytes : {size_t(0), size_t(100), splits_whole.size() / 2}) {
    write_file_atomically(splits(), splits_whole.substr(0, bytes));
    EXPECT_THAT(failure(), HasSubstr("splits.mat: ")) << bytes;
  }
}

TEST_F(OfficialFiles, VariablesOfAnotherShapeAreErrors) {
  for (const std::string variable : {"images", "depths", "labels"}) {
    rewrite(drawn(12));
    testing::remove_variable(labeled(), variable);
    EXPECT_THAT(failure(), HasSubstr("labeled.mat: has no variable " + variable));
    testing::add_doubles(labeled(), variable, {kFrames, 6, 4});
    EXPECT_THAT(failure(), HasSubstr("labeled.mat: variable " + variable));
  }
  rewrite(drawn(12));
  EXPECT_THAT(failure("whole_scenes: true"), HasSubstr("has no variable scenes"));
  testing::add_doubles(labeled(), "scenes", {kFrames, 1});
  EXPECT_THAT(failure("whole_scenes: true"), HasSubstr("scenes: is no list of texts"));
  LabeledMatWriter(labeled(), kFrames, kSize).write_scenes({"a", "b"});
  EXPECT_THAT(failure("whole_scenes: true"), HasSubstr("has 2 names for 12 frames"));
}

TEST_F(OfficialFiles, ValuesOutOfRangeAreErrors) {
  auto frame = drawn(12);
  frame.labels.at<ushort>(3, 1) = 895;
  rewrite(frame);
  EXPECT_THAT(failure(), AllOf(HasSubstr("sample 0012"), HasSubstr("variable labels"),
                               HasSubstr("stored value 895 at (x 1, y 3)")));
  for (const float depth : {-1.f, NAN, INFINITY}) {
    frame = drawn(12);
    frame.depth.at<float>(3, 1) = depth;
    rewrite(frame);
    EXPECT_THAT(failure(), AllOf(HasSubstr("sample 0012"), HasSubstr("(x 1, y 3)")));
  }
}

TEST_F(OfficialFiles, SplitsThatMakeNoSenseAreErrors) {
  const auto message = [&](const std::vector<double>& train, const std::vector<double>& test) {
    testing::write_splits(splits(), train, test);
    return failure();
  };
  EXPECT_THAT(message({1, 2, 0}, {3}), HasSubstr("trainNdxs has the number 0.000000"));
  EXPECT_THAT(message({1, 2, 3}, {13}), HasSubstr("frames are 1 to 12"));
  EXPECT_THAT(message({1, 2, 2.5}, {3}), HasSubstr("2.5"));
  EXPECT_THAT(message({1, NAN}, {3}), HasSubstr("nan"));
  EXPECT_THAT(message({1, 2, 2}, {3}), HasSubstr("names frame 2 twice"));
  EXPECT_THAT(message({1, 2}, {3, 2}), HasSubstr("frame 2 is in trainNdxs and in testNdxs"));
  EXPECT_THAT(message({1, 2}, {}), HasSubstr("testNdxs"));
}

// Every label once, against the tables that their authors gave out.
TEST_F(OfficialFiles, ClassesAreThePublishedOnes) {
  const char* data = std::getenv("TASUKI_DATA");
  const auto meta = std::filesystem::path(data ? data : "") / "nyuv2/meta";
  if (data == nullptr || !std::filesystem::is_directory(meta)) {
    GTEST_SKIP() << "TASUKI_DATA has no folder nyuv2/meta";
  }
  const auto to_40 = testing::read_numbers(meta / "classMapping40.mat", "mapClass");
  const auto to_13 =
      testing::read_numbers(meta / "class13Mapping.mat", "classMapping13", "labels13");
  ASSERT_EQ(to_40.size(), 894u);
  ASSERT_EQ(to_13.size(), 40u);
  OfficialFrame all;
  all.image = cv::Mat(5, 179, CV_8UC3, cv::Scalar());
  all.depth = cv::Mat(5, 179, CV_32FC1, cv::Scalar(1));
  all.labels.create(5, 179, CV_16UC1);
  for (int i = 0; i < 895; ++i) all.labels.at<ushort>(i / 179, i % 179) = ushort(i);
  LabeledMatWriter(labeled(), kFrames, all.image.size()).write(12, all);
  const auto seg = [&](const std::string& options) {
    return dataset(options)->load("test", 0).field("seg").value;
  };
  const cv::Mat in_13 = seg(""), in_40 = seg("classes: 40"), in_894 = seg("classes: 894");
  const cv::Mat without = seg("otherprop_is_void: true");
  const cv::Mat without_40 = seg("classes: 40 otherprop_is_void: true");
  for (int label = 0; label < 895; ++label) {
    const int y = label / 179, x = label % 179;
    const int forty = label == 0 ? 0 : to_40[size_t(label) - 1];
    const int thirteen = forty == 0 ? 0 : to_13[size_t(forty) - 1];
    EXPECT_EQ(in_894.at<int>(y, x), label - 1);
    EXPECT_EQ(in_40.at<int>(y, x), forty - 1);
    EXPECT_EQ(in_13.at<int>(y, x), thirteen - 1);
    EXPECT_EQ(without.at<int>(y, x), forty == 40 ? -1 : thirteen - 1);
    EXPECT_EQ(without_40.at<int>(y, x), forty == 40 ? -1 : forty - 1);
  }
  EXPECT_EQ(dataset("classes: 40")->class_names("seg").back(), "otherprop");
  EXPECT_EQ(dataset("classes: 40 otherprop_is_void: true")->class_names("seg").size(), 39u);
  EXPECT_EQ(dataset()->class_names("seg").front(), "bed");
}

}  // namespace
}  // namespace tasuki
