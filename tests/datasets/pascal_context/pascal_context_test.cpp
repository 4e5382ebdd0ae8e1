#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>
#include <set>

#include "tasuki/data/dataset.h"
#include "tasuki/io/files.h"
#include "tasuki/io/image_io.h"
#include "tests/core/io/picture_files.h"
#include "tests/core/io/temporary_folder.h"
#include "tests/datasets/pascal_context/pascal_tree.h"
#include "tests/pipelines/plugin.h"

namespace tasuki {
namespace {

using ::testing::AllOf;
using testing::DrawnObject;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::make;
using testing::PascalTree;

constexpr int kRows = 24, kColumns = 30;
const std::string kAll = "field: ['seg', 'parts', 'normal', 'saliency', 'edge'] ";

class PascalContext : public ::testing::Test {
 protected:
  std::unique_ptr<Dataset> dataset(const std::string& options = "") const {
    return make<Dataset>("tasuki/PascalContext", options, {root_.path()});
  }
  cv::Mat value(const std::string& field, const std::string& options = "") const {
    return dataset(options + " field: '" + field + "'")->load("val", 0).field(field).value;
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

  testing::TemporaryFolder root_;
  PascalTree tree_{root_.path(), {kColumns, kRows}};
  const std::string first_ = PascalTree::id_of(11);
};

TEST_F(PascalContext, SplitsAreThoseOfTheLists) {
  const auto data = dataset();
  EXPECT_THAT(data->splits(), ElementsAre("train", "train_part", "train_held", "val"));
  EXPECT_EQ(data->size("train"), 10u);
  EXPECT_EQ(data->size("train_part"), 8u);
  EXPECT_THAT(data->ids("train_held"), ElementsAre("2008_000009", "2008_000010"));
  EXPECT_THAT(data->ids("val"), ElementsAre("2008_000011", "2008_000012"));
}

TEST_F(PascalContext, OnlyTheFieldsThatAreAskedForAreRead) {
  EXPECT_EQ(dataset()->load("val", 0).fields.size(), 4u);
  EXPECT_EQ(dataset(kAll)->load("val", 0).fields.size(), 6u);
  for (const char* folder : {"human_parts", "normals_distill", "sal_distill", "pascal-context"}) {
    std::filesystem::remove_all(root_ / "PASCAL_MT" / folder);
  }
  EXPECT_EQ(failure("field: 'seg'"), "no error");
  EXPECT_THAT(failure(), HasSubstr("human_parts/2008_000011.mat"));
}

TEST_F(PascalContext, SegmentationIsOfVocWhereItHasOne) {
  cv::Mat classes = value("seg");
  EXPECT_EQ(classes.at<int>(0, 0), 0);
  EXPECT_EQ(classes.at<int>(2, 2), -1);
  EXPECT_EQ(classes.at<int>(6, 6), 15);
  std::filesystem::remove(tree_.file("semseg/VOC12", first_, ".png"));
  write_image(tree_.file("semseg/pascal-context", first_, ".png"),
              cv::Mat(kRows, kColumns, CV_8UC1, cv::Scalar(20)));
  EXPECT_EQ(value("seg").at<int>(6, 6), 20);
  EXPECT_EQ(dataset()->class_names("seg").size(), 21u);
  EXPECT_EQ(dataset()->class_names("seg")[15], "person");
}

// Every part of a person and what the four groupings make of it, by the table of ASTMT's article:
// 14 counts the right side from 3 and the left from 6, and legs on from 9 and 12.
TEST_F(PascalContext, PartsAreGroupedAsPublished) {
  const std::vector<std::string> heads = {"hair",  "head", "lear", "lebrow", "leye",
                                          "mouth", "nose", "rear", "rebrow", "reye"};
  std::map<std::string, std::array<int, 4>> expected = {{"neck", {1, 2, 2, 2}},
                                                        {"torso", {1, 2, 2, 2}}};
  for (const auto& name : heads) expected[name] = {1, 1, 1, 1};
  for (const auto& [side, first] : {std::pair("r", 0), std::pair("l", 3)}) {
    const std::string s = side;
    expected[s + "uarm"] = {1, 3, 3, 3 + first};
    expected[s + "larm"] = {1, 3, 4, 4 + first};
    expected[s + "hand"] = {1, 3, 4, 5 + first};
    expected[s + "uleg"] = {1, 4, 5, 9 + first};
    expected[s + "lleg"] = {1, 4, 6, 10 + first};
    expected[s + "foot"] = {1, 4, 6, 11 + first};
  }
  ASSERT_EQ(expected.size(), 24u);
  DrawnObject person;
  for (const auto& [name, groups] : expected) {
    person.parts.push_back({name, {int(person.parts.size()), 1, 1, 1}});
  }
  tree_.write_objects(first_, {person});
  for (size_t i = 0; i < 4; ++i) {
    const int count = std::array{1, 4, 6, 14}[i];
    const std::string options = "human_parts: " + std::to_string(count);
    const cv::Mat labels = value("parts", options);
    int x = 0;
    for (const auto& [name, groups] : expected) {
      EXPECT_EQ(labels.at<int>(1, x++), groups[i]) << name << " of " << count;
    }
    EXPECT_EQ(labels.at<int>(0, 0), 0);
    EXPECT_EQ(dataset(options)->class_names("parts").size(), size_t(count) + 1);
  }
}

TEST_F(PascalContext, PicturesWithoutPartsOfPersonsAreInvalid) {
  cv::Mat labels = value("parts");
  EXPECT_EQ(labels.at<int>(4, 5), 1);  // head, in column 5 and row 4
  EXPECT_EQ(labels.at<int>(8, 5), 2);
  EXPECT_EQ(labels.at<int>(20, 20), 0);
  const DrawnObject horse{13, {{"head", {0, 0, 9, 9}}}};
  for (const auto& objects : std::vector<std::vector<DrawnObject>>{{}, {horse}, {DrawnObject{}}}) {
    tree_.write_objects(first_, objects);
    labels = value("parts");
    EXPECT_EQ(cv::countNonZero(labels == -1), kRows * kColumns);
  }
}

TEST_F(PascalContext, LaterPartsLieOverEarlierOnes) {
  tree_.write_objects(first_, {{15, {{"torso", {0, 0, 8, 8}}, {"head", {4, 0, 8, 8}}}}});
  const cv::Mat labels = value("parts");
  EXPECT_EQ(labels.at<int>(3, 3), 2);
  EXPECT_EQ(labels.at<int>(3, 4), 1);
}

TEST_F(PascalContext, NormalsAreKnownOnLabelsOfTheTeacher) {
  const cv::Mat normals = value("normal");
  const auto wall = normals.at<cv::Vec3f>(3, 3);
  EXPECT_NEAR(wall[2], -1, 1e-4);
  EXPECT_EQ(normals.at<cv::Vec3f>(3, kColumns - 1), cv::Vec3f(0, 0, 0));  // sky
}

// A floor, a wall and a ceiling are drawn in each convention; loaded, all face a camera that sees
// them, whose rays are (u, v, 1).
TEST_F(PascalContext, NormalsFaceTheCameraInAnyAxes) {
  const std::map<std::string, cv::Vec3f> signs = {{"RIGHT_UP_TOWARDS", {1, -1, -1}},
                                                  {"RIGHT_DOWN_TOWARDS", {1, 1, -1}},
                                                  {"RIGHT_DOWN_FORWARD", {1, 1, 1}},
                                                  {"LEFT_UP_FORWARD", {-1, -1, 1}}};
  // x right, y down, z forward; the height in the picture at which each is seen.
  const std::vector<std::pair<cv::Vec3f, float>> planes = {
      {{0.05f, -0.95f, -0.3f}, 0.5f}, {{0.3f, 0.05f, -0.95f}, 0}, {{-0.05f, 0.95f, -0.3f}, -0.5f}};
  tree_.write_labels(first_, cv::Mat(kRows, kColumns, CV_16UC1, cv::Scalar(440)));
  for (const auto& [axes, sign] : signs) {
    cv::Mat colours(kRows, kColumns, CV_8UC3);
    for (int y = 0; y < kRows; ++y) {
      const cv::Vec3f n = cv::normalize(planes[size_t(y) % 3].first);
      cv::Vec3b bgr;
      for (int c = 0; c < 3; ++c)
        bgr[2 - c] = cv::saturate_cast<uchar>((sign[c] * n[c] + 1) * 127.5);
      colours.row(y).setTo(cv::Scalar(bgr[0], bgr[1], bgr[2]));
    }
    write_image(tree_.file("normals_distill", first_, ".png"), colours);
    const cv::Mat loaded = value("normal", "normal_axes: " + axes);
    for (int y = 0; y < kRows; ++y) {
      const auto& [drawn, height] = planes[size_t(y) % 3];
      const auto n = loaded.at<cv::Vec3f>(y, 0);
      EXPECT_GT(n.dot(cv::normalize(drawn)), 0.9995) << axes;
      EXPECT_LT(n.dot(cv::Vec3f(0, height, 1)), 0) << axes;
    }
  }
}

TEST_F(PascalContext, SaliencyIsOneAboveOneHalf) {
  const cv::Mat mask = value("saliency");
  EXPECT_EQ(mask.at<uchar>(kRows / 2 - 1, 0), 1);
  EXPECT_EQ(mask.at<uchar>(kRows / 2, 0), 0);
}

// A border between two halves is one line of one pixel, wherever the numbers of the labels.
TEST_F(PascalContext, EdgesAreThinLinesBetweenLabels) {
  for (const int other : {441, 2, 459}) {
    cv::Mat labels(kRows, kColumns, CV_16UC1, cv::Scalar(440));
    labels.colRange(0, 12).setTo(other);
    tree_.write_labels(first_, labels);
    const cv::Mat edge = value("edge");
    for (int y = 2; y < kRows - 2; ++y) {
      EXPECT_EQ(cv::countNonZero(edge.row(y)), 1) << y;
      EXPECT_EQ(cv::countNonZero(edge.row(y).colRange(11, 13)), 1) << y;
    }
  }
  tree_.write_labels(first_, cv::Mat(kRows, kColumns, CV_16UC1, cv::Scalar(7)));
  EXPECT_EQ(cv::countNonZero(value("edge")), 0);
}

TEST_F(PascalContext, LabelsOfAnotherSizeAreErrorsUnlessAsked) {
  write_image(tree_.file("sal_distill", first_, ".png"), cv::Mat(8, 10, CV_8UC1, cv::Scalar(255)));
  EXPECT_THAT(failure(kAll), AllOf(HasSubstr("sal_distill/2008_000011.png"),
                                   HasSubstr("is 8x10 where 24x30"), HasSubstr("resize_labels")));
  const auto sample = dataset(kAll + "resize_labels: true")->load("val", 0);
  EXPECT_EQ(sample.field("saliency").value.size(), cv::Size(kColumns, kRows));
}

// Of a photo that is turned by 90 degrees and labels that are not, no size is right.
TEST_F(PascalContext, LabelsThatAreTurnedAreNeverResized) {
  const auto image = tree_.file("JPEGImages", first_, ".jpg");
  write_file_atomically(image, testing::jpeg_with_exif(read_file(image), testing::exif_data(6)));
  for (const char* options : {"", "resize_labels: true"}) {
    EXPECT_THAT(failure(options), AllOf(HasSubstr("is 24x30 where 30x24"),
                                        HasSubstr(image.string() + " is turned by 90 degrees")));
  }
  const auto as_stored = make<Dataset>("tasuki/PascalContext", "", {root_.path(), {true}});
  EXPECT_EQ(as_stored->load("val", 0).size(), cv::Size(kColumns, kRows));
}

TEST_F(PascalContext, ErrorsOfFilesNameThem) {
  const auto labels = tree_.file("semseg/VOC12", first_, ".png");
  write_image(labels, cv::Mat(kRows, kColumns, CV_8UC1, cv::Scalar(21)));
  EXPECT_THAT(failure(), AllOf(HasSubstr("sample 2008_000011"), HasSubstr(labels.string()),
                               HasSubstr("stored value 21")));
  write_image(tree_.file("normals_distill", first_, ".png"), cv::Mat(kRows, kColumns, CV_8UC1));
  EXPECT_THAT(failure("field: 'normal'"), HasSubstr("three channels of 8 bits"));
  tree_.write_labels(first_, cv::Mat(kRows, kColumns, CV_16UC1, cv::Scalar(460)));
  write_image(tree_.file("normals_distill", first_, ".png"), cv::Mat(kRows, kColumns, CV_8UC3));
  EXPECT_THAT(failure("field: 'normal'"),
              AllOf(HasSubstr("pascal-context/trainval/2008_000011.mat"),
                    HasSubstr("label 460 at (x 0, y 0)")));
}

TEST_F(PascalContext, ErrorsOfPartsSayWhatIsWrong) {
  const auto file = tree_.file("human_parts", first_, ".mat").string();
  tree_.write_objects(first_, {{15, {{"tail", {0, 0, 2, 2}}}}});
  EXPECT_THAT(failure(), AllOf(HasSubstr(file), HasSubstr("\"tail\" is no part of a person")));
  std::filesystem::copy_file(tree_.file("pascal-context/trainval", first_, ".mat"), file,
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_THAT(failure(), AllOf(HasSubstr(file), HasSubstr("variable anno is missing")));
  write_file_atomically(file, "not from MATLAB");
  EXPECT_THAT(failure(), AllOf(HasSubstr(file), HasSubstr("is no MATLAB 5 file")));
}

TEST_F(PascalContext, TruncatedFilesAreErrors) {
  const auto file = tree_.file("human_parts", first_, ".mat");
  const auto whole = read_file(file);
  for (size_t length = 0; length < whole.size(); length += 7) {
    write_file_atomically(file, whole.substr(0, length));
    EXPECT_THAT(failure("field: 'parts'"),
                AllOf(HasSubstr(file.string()),
                      HasSubstr(length < 128 ? "is no MATLAB 5 file" : "is cut off")))
        << length;
  }
}

TEST_F(PascalContext, ErrorsOfOptionsNameThem) {
  EXPECT_THAT(failure("human_parts: 5"), HasSubstr("human_parts: must be 1, 4, 6 or 14, not 5"));
  EXPECT_THAT(failure("field: ['seg', 'normals']"),
              AllOf(HasSubstr("field[1]"), HasSubstr("did you mean \"normal\"")));
  EXPECT_THAT(failure("validation: 1"), HasSubstr("validation: must be above 0 and below 1"));
  EXPECT_THAT(failure("validation: 0.01"), HasSubstr("split \"train_held\" is empty"));
  EXPECT_THAT(failure("root: 'nowhere'"), AllOf(HasSubstr("nowhere"), HasSubstr("--data-root")));
}

}  // namespace
}  // namespace tasuki
