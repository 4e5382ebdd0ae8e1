#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <opencv2/imgcodecs.hpp>

#include "tasuki/io/npy.h"
#include "tests/plugins/tasks/tasks.h"

namespace tasuki::tests {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class PredictionFiles : public testing::Test {
 protected:
  PredictionFiles() {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::path(testing::TempDir()) /
              (std::string("tasuki_prediction_files_") + info->name());
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    cv::setRNGSeed(5);
  }
  ~PredictionFiles() override { std::filesystem::remove_all(folder_); }

  // An id with a dot: nothing of it may be taken for an extension.
  std::filesystem::path stem() const { return folder_ / "frame.0001"; }
  std::filesystem::path file(const char* suffix) const { return stem().string() + suffix; }
  void png(const cv::Mat& picture) const {
    ASSERT_TRUE(cv::imwrite(file(".png").string(), picture));
  }
  std::string refusal(const std::string& name, const std::string& options = "") const {
    return error_of([&] { make_task(name, options)->read_prediction(stem()); });
  }

  std::filesystem::path folder_;
};

cv::Mat random_values(int type, double least, double most) {
  cv::Mat value(7, 9, type);
  cv::randu(value, least, most);
  return value;
}

cv::Mat random_unit_vectors() {
  cv::Mat value = random_values(CV_32FC3, -1, 1);
  for (auto& v : cv::Mat_<cv::Vec3f>(value)) v /= cv::norm(v);
  return value;
}

double largest_difference(const cv::Mat& a, const cv::Mat& b) {
  EXPECT_EQ(a.type(), b.type());
  return cv::norm(a, b, cv::NORM_INF);
}

TEST_F(PredictionFiles, ClassesComeBack) {
  for (const int classes : {13, 255, 256, 1000}) {
    const auto task = make_task("tasuki/Segmentation", "classes: " + std::to_string(classes));
    cv::Mat value = random_values(CV_32S, 0, classes);
    value.at<int>(3, 4) = classes - 1;
    EXPECT_EQ(task->write_prediction(value, stem()),
              std::vector<std::filesystem::path>{file(".png")});
    EXPECT_EQ(cv::imread(file(".png").string(), cv::IMREAD_UNCHANGED).depth(),
              classes > 255 ? CV_16U : CV_8U);
    EXPECT_EQ(largest_difference(task->read_prediction(stem()), value), 0);
  }
}

TEST_F(PredictionFiles, ClassesOfAnyIntegerType) {
  const auto task = make_task("tasuki/Segmentation", "classes: 13");
  const cv::Mat value = random_values(CV_32S, 0, 13);
  for (const int depth : {CV_8U, CV_8S, CV_16U, CV_16S, CV_32S}) {
    cv::Mat stored;
    value.convertTo(stored, depth);
    write_npy(file(".npy"), stored);
    EXPECT_EQ(largest_difference(task->read_prediction(stem()), value), 0) << depth;
  }
}

TEST_F(PredictionFiles, NpyIsExactAndPngIsNear) {
  struct Case {
    const char* name;
    cv::Mat value;
    double tolerance;  // half a step of the PNG; of normals twice that, after their normalisation
  };
  for (const auto& one : {Case{"tasuki/Depth", random_values(CV_32FC1, 0.1, 12), 0.00051},
                          Case{"tasuki/Disparity", random_values(CV_32FC1, 0, 200), 0.00196},
                          Case{"tasuki/Normals", random_unit_vectors(), 0.008}}) {
    SCOPED_TRACE(one.name);
    const auto task = make_task(one.name);
    const std::vector<std::filesystem::path> written = {file(".npy"), file(".png")};
    EXPECT_EQ(task->write_prediction(one.value, stem()), written);
    EXPECT_LT(largest_difference(task->read_prediction(stem()), one.value), 1e-6);
    EXPECT_EQ(largest_difference(read_npy(file(".npy")), one.value), 0);
    std::filesystem::remove(file(".npy"));
    EXPECT_LT(largest_difference(task->read_prediction(stem()), one.value), one.tolerance);
    std::filesystem::remove(file(".png"));
  }
}

TEST_F(PredictionFiles, InverseDepthIsAnArrayOnly) {
  const cv::Mat value = random_values(CV_32FC1, 0.001, 0.5);
  const auto task = make_task("tasuki/InverseDepth");
  const std::vector<std::filesystem::path> written = {file(".npy")};
  EXPECT_EQ(task->write_prediction(value, stem()), written);
  EXPECT_EQ(largest_difference(task->read_prediction(stem()), value), 0);
  std::filesystem::remove(file(".npy"));
  png(cv::Mat(2, 2, CV_16UC1, cv::Scalar::all(9)));
  EXPECT_THAT(refusal("tasuki/InverseDepth"), HasSubstr("wanted: a .npy file"));
}

TEST_F(PredictionFiles, PngsHoldTheDocumentedNumbers) {
  make_task("tasuki/Depth")->write_prediction((cv::Mat_<float>(1, 3) << 2.5, -1, 70), stem());
  EXPECT_EQ(largest_difference(cv::imread(file(".png").string(), cv::IMREAD_UNCHANGED),
                               (cv::Mat_<ushort>(1, 3) << 2500, 0, 65535)),
            0);
  make_task("tasuki/Disparity")->write_prediction((cv::Mat_<float>(1, 3) << 2.5, -1, 0), stem());
  EXPECT_EQ(largest_difference(cv::imread(file(".png").string(), cv::IMREAD_UNCHANGED),
                               (cv::Mat_<ushort>(1, 3) << 641, 1, 1)),
            0);
  make_task("tasuki/Normals")
      ->write_prediction(cv::Mat(1, 1, CV_32FC3, cv::Scalar(1, 0, -1)), stem());
  const auto bgr = cv::imread(file(".png").string(), cv::IMREAD_UNCHANGED).at<cv::Vec3b>(0, 0);
  EXPECT_EQ(bgr[2], 255);  // red is x
  EXPECT_EQ(bgr[0], 0);    // blue is z
}

TEST_F(PredictionFiles, MissingOnesAreListed) {
  for (const char* name :
       {"tasuki/Depth", "tasuki/Normals", "tasuki/Disparity", "tasuki/InverseDepth"}) {
    EXPECT_THAT(refusal(name), AllOf(HasSubstr("frame.0001.npy"), HasSubstr("frame.0001.png")));
  }
  EXPECT_THAT(refusal("tasuki/Segmentation", "classes: 2"), HasSubstr("looked for"));
}

TEST_F(PredictionFiles, PicturesOfTheWrongKindAreRefused) {
  png(cv::Mat(2, 2, CV_8UC3, cv::Scalar::all(9)));
  EXPECT_THAT(refusal("tasuki/Segmentation", "classes: 13"),
              AllOf(HasSubstr("frame.0001.png: holds uint8, 3 channels"), HasSubstr("coloured")));
  EXPECT_THAT(refusal("tasuki/Depth"), HasSubstr("wanted: 16 bit, one channel, millimetres"));
  EXPECT_THAT(refusal("tasuki/Disparity"), HasSubstr("wanted: 16 bit, one channel, 256 d + 1"));
  png(cv::Mat(2, 2, CV_16UC1, cv::Scalar::all(9)));
  EXPECT_THAT(refusal("tasuki/Normals"), HasSubstr("holds uint16, 1 channel; wanted: 8 bit RGB"));
}

TEST_F(PredictionFiles, ArraysOfTheWrongKindAreRefused) {
  write_npy(file(".npy"), cv::Mat(2, 2, CV_32FC2, cv::Scalar::all(1)));
  EXPECT_THAT(refusal("tasuki/Depth"), HasSubstr("frame.0001.npy: holds float32, 2 channels"));
  EXPECT_THAT(refusal("tasuki/Normals"), HasSubstr("wanted: [H, W, 3] of floats"));
  EXPECT_THAT(refusal("tasuki/Segmentation", "classes: 2"), HasSubstr("class indices"));
  write_npy(file(".npy"), cv::Mat(2, 2, CV_16UC1, cv::Scalar::all(1)));
  EXPECT_THAT(refusal("tasuki/Disparity"), HasSubstr("wanted: [H, W] of floats, pixels"));
}

TEST_F(PredictionFiles, ValuesThatAreNotFiniteAreRefused) {
  cv::Mat value(3, 4, CV_64FC1, cv::Scalar(1));
  value.at<double>(2, 1) = std::numeric_limits<double>::quiet_NaN();
  write_npy(file(".npy"), value);
  EXPECT_THAT(refusal("tasuki/Depth"),
              HasSubstr("frame.0001.npy: prediction is not finite at (x 1, y 2)"));
  value.at<double>(2, 1) = 1e300;  // infinite as float32
  write_npy(file(".npy"), value);
  EXPECT_THAT(refusal("tasuki/Depth"), HasSubstr("not finite at (x 1, y 2)"));
  cv::Mat single(1, 1, CV_32FC1, cv::Scalar(std::numeric_limits<double>::infinity()));
  EXPECT_THAT(error_of([&] { make_task("tasuki/Depth")->write_prediction(single, stem()); }),
              HasSubstr("not finite"));
}

TEST_F(PredictionFiles, ClassesOutOfRangeAreRefused) {
  cv::Mat value(3, 4, CV_32SC1, cv::Scalar(1));
  value.at<int>(2, 1) = -1;
  write_npy(file(".npy"), value);
  EXPECT_THAT(refusal("tasuki/Segmentation", "classes: 13"),
              HasSubstr("class -1 at (x 1, y 2) is out of range: classes are 0..12"));
  std::filesystem::remove(file(".npy"));
  cv::Mat picture(3, 4, CV_8UC1, cv::Scalar(1));
  picture.at<uchar>(0, 3) = 255;
  png(picture);
  EXPECT_THAT(refusal("tasuki/Segmentation", "classes: 13"), HasSubstr("class 255 at (x 3, y 0)"));
}

TEST_F(PredictionFiles, HolesOfADisparityAreRefused) {
  cv::Mat picture(3, 4, CV_16UC1, cv::Scalar(300));
  picture.at<ushort>(1, 2) = 0;
  png(picture);
  EXPECT_THAT(refusal("tasuki/Disparity"), HasSubstr("0 (no disparity) at (x 2, y 1)"));
}

TEST_F(PredictionFiles, DamagedFilesAreRefused) {
  std::ofstream(file(".npy")) << "this is no array";
  EXPECT_THAT(refusal("tasuki/Depth"), HasSubstr("frame.0001.npy"));
  std::filesystem::remove(file(".npy"));
  std::ofstream(file(".png")) << "this is no picture";
  EXPECT_THAT(refusal("tasuki/Normals"), HasSubstr("frame.0001.png"));
}

TEST_F(PredictionFiles, NormalsOfAnyLengthBecomeUnitVectors) {
  write_npy(file(".npy"), cv::Mat(2, 2, CV_64FC3, cv::Scalar(3, 0, -4)));
  const cv::Mat value = make_task("tasuki/Normals")->read_prediction(stem());
  EXPECT_LT(largest_difference(value, cv::Mat(2, 2, CV_32FC3, cv::Scalar(0.6, 0, -0.8))), 1e-6);
  std::filesystem::remove(file(".npy"));
  png(cv::Mat(2, 2, CV_8UC3, cv::Scalar(128, 127, 128)));
  EXPECT_EQ(cv::norm(make_task("tasuki/Normals")->read_prediction(stem())), 0);
}

}  // namespace
}  // namespace tasuki::tests
