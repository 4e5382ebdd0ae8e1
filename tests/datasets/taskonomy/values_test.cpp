#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tasuki/data/transform.h"
#include "tasuki/io/image_io.h"
#include "tests/datasets/taskonomy/taskonomy_tree_test.h"

namespace tasuki {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::make;
using testing::TaskonomyTree;

constexpr double kDegree = CV_PI / 180;

class TaskonomyValues : public testing::TaskonomyTest {
 protected:
  // What loading the first image says once that file holds the picture.
  std::string failure_with(const std::filesystem::path& file, const cv::Mat& picture) const {
    write_image(file, picture);
    return failure();
  }
  // Of the first or the second view of hanson, with its camera.
  Sample view(int number, const std::string& options = "") const {
    return dataset("camera: REQUIRED " + options)->load("train", size_t(number));
  }
};

// Angle between two unit vectors, exact near 0 too.
double angle(const cv::Vec3d& a, const cv::Vec3d& b) {
  return std::atan2(cv::norm(a.cross(b)), a.dot(b));
}

template <class Look>
void at_each_pixel(const cv::Mat& mat, int border, Look look) {
  for (int y = border; y < mat.rows - border; ++y) {
    for (int x = border; x < mat.cols - border; ++x) look(x, y);
  }
}

TEST_F(TaskonomyValues, LabelsAreSeventeenClasses) {
  const auto data = dataset();
  const cv::Mat seg = data->load("train", 0).field("seg").value;
  for (int stored = 0; stored < 18; ++stored) EXPECT_EQ(seg.at<int>(0, stored), stored - 1);
  EXPECT_EQ(seg.at<int>(5, 5), 3);
  const auto names = data->class_names("seg");
  ASSERT_EQ(names.size(), 17u);
  EXPECT_EQ(names[0], "background");
  EXPECT_EQ(names[3], "couch");
  EXPECT_EQ(names[16], "vase");
}

TEST_F(TaskonomyValues, DepthIsOfThePlane) {
  for (int number : {0, 1}) {
    const Sample sample = view(number);
    const cv::Mat& depth = sample.field("depth").value;
    EXPECT_EQ(depth.at<float>(1, 0), 0);
    EXPECT_EQ(depth.at<float>(1, 1), 0);
    at_each_pixel(depth, 2, [&](int x, int y) {
      ASSERT_NEAR(depth.at<float>(y, x), TaskonomyTree::depth_of(number, *sample.camera, x, y),
                  0.51 / 512);
    });
  }
}

// The same plane stored as distances from the camera's centre.
TEST_F(TaskonomyValues, DistancesBecomeDepth) {
  const Sample sample = view(1);
  const cv::Mat& depth = sample.field("depth").value;
  cv::Mat distances(depth.size(), CV_16UC1);
  at_each_pixel(depth, 0, [&](int x, int y) {
    const auto& camera = *sample.camera;
    const cv::Vec3d ray((x - camera.cx) / camera.fx, (y - camera.cy) / camera.fy, 1);
    distances.at<ushort>(y, x) =
        cv::saturate_cast<ushort>(depth.at<float>(y, x) * cv::norm(ray) * 512);
  });
  distances.at<ushort>(1, 1) = 65535;
  write_image(tree_.file("depth_euclidean", "hanson/point_10_view_2", "depth_euclidean.png"),
              distances);
  const auto data = dataset("depth_kind: EUCLIDEAN");
  const Sample read = data->load("train", 1);
  EXPECT_TRUE(read.camera);
  EXPECT_LE(cv::norm(read.field("depth").value, depth, cv::NORM_INF), 0.51 / 512);
  EXPECT_EQ(cv::countNonZero(read.field("depth").value == 0), 2);
  EXPECT_THAT(failure("present_only: true depth_kind: EUCLIDEAN"),
              HasSubstr("depth_euclidean.png: can't be opened"));
  std::filesystem::remove(tree_.file("point_info", first_, "point_info.json"));
  EXPECT_THAT(failure("present_only: true depth_kind: EUCLIDEAN"), HasSubstr("point_info.json"));
}

// Stored as red right, green down, blue forward. 8 bits a component are half a degree at most.
TEST_F(TaskonomyValues, NormalsFaceTheCamera) {
  for (int number : {0, 1}) {
    const Sample sample = view(number);
    const cv::Mat& normals = sample.field("normal").value;
    EXPECT_EQ(normals.at<cv::Vec3f>(1, 0), cv::Vec3f(0, 0, 0));
    EXPECT_EQ(normals.at<cv::Vec3f>(1, 1), cv::Vec3f(0, 0, 0));
    at_each_pixel(normals, 2, [&](int x, int y) {
      const auto n = cv::Vec3d(normals.at<cv::Vec3f>(y, x));
      const auto& camera = *sample.camera;
      const cv::Vec3d ray((x - camera.cx) / camera.fx, (y - camera.cy) / camera.fy, 1);
      ASSERT_LT(n.dot(ray), 0);
      ASSERT_LT(angle(n, TaskonomyTree::normal_of(number)), 0.5 * kDegree);
    });
  }
}

TEST_F(TaskonomyValues, NormalsAreThoseOfTheDepth) {
  const auto derive = make<Transform>("tasuki/NormalsFromDepth", "normals: 'derived' window: 15");
  for (int number : {0, 1}) {
    Sample sample = view(number);
    cv::RNG random(1);
    derive->apply(sample, random);
    const cv::Mat derived = sample.field("derived").value, stored = sample.field("normal").value;
    at_each_pixel(derived, 8, [&](int x, int y) {
      ASSERT_LT(angle(derived.at<cv::Vec3f>(y, x), stored.at<cv::Vec3f>(y, x)), 1 * kDegree);
    });
  }
}

TEST_F(TaskonomyValues, BlueMayGrowTowardsTheCamera) {
  const auto n = view(1).field("normal").value.at<cv::Vec3f>(5, 5);
  const auto other = view(1, "normal_axes: RIGHT_DOWN_BACKWARD").field("normal").value;
  EXPECT_EQ(other.at<cv::Vec3f>(5, 5), cv::Vec3f(n[0], n[1], -n[2]));
  EXPECT_EQ(other.at<cv::Vec3f>(1, 0), cv::Vec3f(0, 0, 0));
}

TEST_F(TaskonomyValues, ErrorsOfLabelsNameFileAndValue) {
  const auto file = tree_.file("segment_semantic", first_, "segmentsemantic.png");
  cv::Mat labels(kSide, kSide, CV_8UC1, cv::Scalar(1));
  labels.at<uchar>(7, 9) = 18;
  EXPECT_THAT(failure_with(file, labels),
              AllOf(HasSubstr("sample " + first_), HasSubstr(file.string()),
                    HasSubstr("stored value 18 at (x 9, y 7)")));
  EXPECT_THAT(failure_with(file, cv::Mat(kSide, kSide, CV_8UC3)), HasSubstr("3 channels"));
  EXPECT_THAT(failure_with(file, cv::Mat(2, kSide, CV_8UC1, cv::Scalar(1))),
              HasSubstr("is 2x48, but"));
}

TEST_F(TaskonomyValues, ErrorsOfDepthNameFileAndType) {
  const auto file = tree_.file("depth_zbuffer", first_, "depth_zbuffer.png");
  for (const int type : {CV_8UC1, CV_16UC3}) {
    EXPECT_THAT(failure_with(file, cv::Mat(kSide, kSide, type, cv::Scalar::all(9))),
                AllOf(HasSubstr(file.string()), HasSubstr("one channel of 16 bits")));
  }
  EXPECT_THAT(failure_with(file, cv::Mat(kSide, 3, CV_16UC1, cv::Scalar(9))),
              HasSubstr("is 48x3, but"));
}

TEST_F(TaskonomyValues, ErrorsOfNormalsNameFileAndType) {
  const auto file = tree_.file("normal", first_, "normal.png");
  for (const int type : {CV_8UC1, CV_16UC3, CV_8UC4}) {
    EXPECT_THAT(failure_with(file, cv::Mat(kSide, kSide, type, cv::Scalar::all(9))),
                AllOf(HasSubstr(file.string()), HasSubstr("three channels of 8 bits")));
  }
  // Black and white are vectors of length 1.7; grey is none.
  cv::Mat picture(kSide, kSide, CV_8UC3, cv::Scalar::all(0));
  EXPECT_THAT(
      failure_with(file, picture),
      AllOf(HasSubstr(file.string()), HasSubstr("of 2304 colours that aren't grey only 0")));
  picture.rowRange(0, kSide / 2).setTo(cv::Scalar(0, 128, 128));
  EXPECT_EQ(failure_with(file, picture), "no error");
  EXPECT_EQ(failure_with(file, cv::Mat(kSide, kSide, CV_8UC3, cv::Scalar::all(127))), "no error");
}

TEST_F(TaskonomyValues, ACameraIsOfASquareImage) {
  for (const char* domain : {"rgb", "segment_semantic", "depth_zbuffer", "normal"}) {
    const std::string word = std::string(domain) == "segment_semantic" ? "segmentsemantic" : domain;
    const auto file = tree_.file(domain, first_, word + ".png");
    const cv::Mat whole = read_stored_values(file);
    write_image(file, whole.rowRange(0, kSide / 2));
  }
  EXPECT_EQ(failure(), "no error");
  EXPECT_THAT(failure("present_only: true camera: REQUIRED"),
              HasSubstr("of a square image, but the image is 24x48"));
}

}  // namespace
}  // namespace tasuki
