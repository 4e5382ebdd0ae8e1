#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tasuki/data/dataset.h"
#include "tasuki/io/files.h"
#include "tasuki/io/image_io.h"
#include "tests/core/io/temporary_folder.h"
#include "tests/datasets/cityscapes/official_tree.h"
#include "tests/pipelines/plugin.h"

namespace tasuki {
namespace {

using ::testing::AllOf;
using testing::CityscapesTree;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::make;

constexpr int kRows = 4, kColumns = 64;

class Cityscapes : public ::testing::Test {
 protected:
  std::unique_ptr<Dataset> dataset(const std::string& options = "") const {
    return make<Dataset>("tasuki/Cityscapes", options, {root_.path()});
  }
  // Of loading the first sample of val.
  std::string failure(const std::string& options = "") const {
    try {
      dataset(options)->load("val", 0);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }
  static std::string id_of(const std::string& city, int number) {
    return CityscapesTree::id_of(city, number);
  }

  testing::TemporaryFolder root_;
  CityscapesTree tree_{root_.path(), {kColumns, kRows}};
  const std::string first_ = id_of("val/lindau", 0);
};

TEST_F(Cityscapes, SplitsAreTheOfficialOnesAndWholeCities) {
  const auto data = dataset();
  EXPECT_THAT(data->splits(), ElementsAre("train", "train_part", "train_held", "val"));
  EXPECT_EQ(data->size("train"), 10u);
  EXPECT_EQ(data->size("train_part"), 8u);
  EXPECT_THAT(data->ids("train_held"), ElementsAre(id_of("train/ulm", 0), id_of("train/ulm", 1)));
  // Within bremen: the border moves to its end, and from aachen to that of aachen.
  EXPECT_EQ(dataset("validation: 0.3")->ids("train_held"), data->ids("train_held"));
  EXPECT_EQ(dataset("validation: 0.9")->size("train_part"), 4u);
  EXPECT_THAT(failure("validation: 0.1"), HasSubstr("split \"train_held\" is empty"));
  EXPECT_EQ(data->ids("val")[0], "val/lindau/lindau_000000_000019");
}

TEST_F(Cityscapes, LabelsAreThoseOfTheBenchmark) {
  // trainId and category of cityscapesScripts' table, those ignored in evaluation left out.
  const std::map<int, std::pair<int, int>> evaluated = {
      {7, {0, 0}},   {8, {1, 0}},   {11, {2, 1}},  {12, {3, 1}},  {13, {4, 1}},
      {17, {5, 2}},  {19, {6, 2}},  {20, {7, 2}},  {21, {8, 3}},  {22, {9, 3}},
      {23, {10, 4}}, {24, {11, 5}}, {25, {12, 5}}, {26, {13, 6}}, {27, {14, 6}},
      {28, {15, 6}}, {31, {16, 6}}, {32, {17, 6}}, {33, {18, 6}}};
  const cv::Mat in_19 = dataset()->load("train", 5).field("seg").value;
  const cv::Mat in_7 = dataset("classes: 7")->load("train", 5).field("seg").value;
  for (int label = 0; label < 34; ++label) {
    const auto found = evaluated.find(label);
    const auto wanted = found == evaluated.end() ? std::pair(-1, -1) : found->second;
    EXPECT_EQ(in_19.at<int>(0, label), wanted.first) << label;
    EXPECT_EQ(in_7.at<int>(0, label), wanted.second) << label;
  }
  EXPECT_EQ(dataset()->class_names("seg").size(), 19u);
  EXPECT_EQ(dataset()->class_names("seg")[13], "car");
  EXPECT_EQ(dataset("classes: 7")->class_names("seg").back(), "vehicle");
  EXPECT_THAT(dataset()->class_names("parts"), IsEmpty());
}

TEST_F(Cityscapes, DisparityIsInPixels) {
  const Sample sample = dataset()->load("val", 0);
  const cv::Mat& disparity = sample.field("disparity").value;
  EXPECT_EQ(disparity.at<float>(0, 0), -1);
  EXPECT_EQ(disparity.at<float>(0, 1), 0);
  EXPECT_FLOAT_EQ(disparity.at<float>(0, 2), 65534 / 256.f);
  EXPECT_FLOAT_EQ(disparity.at<float>(3, 3), 20);
  EXPECT_FALSE(sample.camera);
  EXPECT_EQ(sample.field("image").value.at<cv::Vec3b>(0, 0), cv::Vec3b(1, 2, 3));
}

TEST_F(Cityscapes, MetricDepthIsOfItsCamera) {
  const Sample sample = dataset("depth_kind: METRIC")->load("val", 0);
  const cv::Mat& depth = sample.field("depth").value;
  EXPECT_EQ(depth.at<float>(0, 0), 0);
  EXPECT_EQ(depth.at<float>(0, 1), 0);
  EXPECT_FLOAT_EQ(depth.at<float>(3, 3), 2262.52 * 0.209313 / 20);
  EXPECT_DOUBLE_EQ(sample.camera->fy, 2265.3017905988554);
  EXPECT_DOUBLE_EQ(sample.camera->cx, 1096.98);
}

TEST_F(Cityscapes, InverseDepthIsInPartsOfTheWidth) {
  const Sample sample = dataset("depth_kind: INVERSE_NORMALISED")->load("val", 0);
  const cv::Mat& inverse = sample.field("inverse_depth").value;
  EXPECT_EQ(inverse.at<float>(0, 0), 0);
  EXPECT_EQ(inverse.at<float>(0, 1), 0);
  EXPECT_FLOAT_EQ(inverse.at<float>(3, 3), 20.f / kColumns);
  EXPECT_EQ(sample.fields.count("disparity"), 0u);
}

TEST_F(Cityscapes, DepthMayBeLeftOut) {
  const Sample sample = dataset("depth_kind: NO_DEPTH")->load("val", 0);
  EXPECT_EQ(sample.fields.size(), 2u);
}

TEST_F(Cityscapes, PartsAreThoseOfHumansAndVehicles) {
  // Label, label and instance, and both with a part; then what each part becomes.
  tree_.write_parts(first_, {0, 7, 24, 26, 24007, 26012, 2400001, 2400002, 2500003, 2599904,
                             2600000, 2600001, 2700002, 2801203, 2899904, 2600005, 3300000, 33999});
  const auto data = dataset("parts: true");
  const cv::Mat parts = data->load("val", 0).field("parts").value;
  EXPECT_THAT(cv::Mat_<int>(parts.row(1).colRange(0, 18)),
              ::testing::ElementsAre(0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 0, 5, 6, 7, 8, 9, 0, 0));
  EXPECT_EQ(data->class_names("parts").size(), 10u);
  EXPECT_EQ(data->class_names("parts")[9], "vehicle chassis");
  for (const int wrong : {-1, 34, 99, 34000, 2400005, 2600006, 700001, 3400000}) {
    tree_.write_parts(first_, {7, wrong});
    EXPECT_THAT(failure("parts: true"),
                AllOf(HasSubstr("PanopticParts.tif"),
                      HasSubstr("uid " + std::to_string(wrong) + " at (x 1, y 1)")));
  }
}

TEST_F(Cityscapes, ErrorsOfFilesNameThem) {
  const auto disparity = tree_.file("disparity", first_, "disparity.png");
  write_image(disparity, cv::Mat(kRows, kColumns, CV_8UC1, cv::Scalar(9)));
  EXPECT_THAT(failure(), AllOf(HasSubstr("sample " + first_), HasSubstr(disparity.string()),
                               HasSubstr("16 bits")));
  std::filesystem::remove(disparity);
  EXPECT_THAT(failure(), HasSubstr(disparity.string()));
  EXPECT_EQ(failure("depth_kind: NO_DEPTH"), "no error");
  const auto labels = tree_.file("gtFine", first_, "gtFine_labelIds.png");
  write_image(labels, cv::Mat(kRows, kColumns, CV_8UC1, cv::Scalar(34)));
  EXPECT_THAT(failure("depth_kind: NO_DEPTH"),
              AllOf(HasSubstr(labels.string()), HasSubstr("stored value 34")));
  write_image(labels, cv::Mat(kRows, 2, CV_8UC1, cv::Scalar(7)));
  EXPECT_THAT(failure("depth_kind: NO_DEPTH"), HasSubstr("is 4x2, but"));
}

TEST_F(Cityscapes, ErrorsOfCamerasNameFileAndNumber) {
  const auto camera = tree_.file("camera", first_, "camera.json");
  const auto message = [&](const std::string& text) {
    write_file_atomically(camera, text);
    return failure("depth_kind: METRIC");
  };
  EXPECT_THAT(message("{"), AllOf(HasSubstr(camera.string()), HasSubstr("not a camera file")));
  EXPECT_THAT(message("{\"intrinsic\": {}}"), HasSubstr("fx"));
  const std::string text = testing::kCityscapesCamera;
  const auto with = [&](const std::string& from, const std::string& to) {
    return message(std::string(text).replace(text.find(from), from.size(), to));
  };
  EXPECT_THAT(with("0.209313", "0"), HasSubstr("extrinsic.baseline is a length"));
  EXPECT_THAT(with("2262.52", "-1"), HasSubstr("focal lengths"));
  EXPECT_THAT(with("2262.52", "\"2262\""), HasSubstr("not a camera file"));
  std::filesystem::remove(camera);
  EXPECT_THAT(failure("depth_kind: METRIC"), HasSubstr(camera.string()));
}

TEST_F(Cityscapes, ErrorsOfOptionsNameThem) {
  EXPECT_THAT(failure("classes: 34"), HasSubstr("classes: must be 19 or 7, not 34"));
  EXPECT_THAT(failure("validation: 0"), HasSubstr("validation: must be above 0 and below 1"));
  EXPECT_THAT(failure("root: 'nowhere'"), AllOf(HasSubstr("nowhere"), HasSubstr("--data-root")));
  std::filesystem::remove_all(root_ / "cityscapes/leftImg8bit/val");
  EXPECT_THAT(failure(), HasSubstr("leftImg8bit/val"));
  std::filesystem::create_directories(root_ / "cityscapes/leftImg8bit/val");
  EXPECT_THAT(failure(), HasSubstr("split \"val\" is empty"));
}

}  // namespace
}  // namespace tasuki
