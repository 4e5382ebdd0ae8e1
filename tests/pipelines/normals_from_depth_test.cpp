#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "tasuki/data/transform.h"
#include "tests/pipelines/plugin.h"
#include "tests/pipelines/samples.h"

namespace tasuki {
namespace {

using testing::field;
using testing::make;
using testing::PlaneScene;

constexpr double kStep = 0.0392;  // metres between stored depths of NYUv2

// The NYUv2 camera at half its size.
const Camera kCamera{259.4, 259.7, 162.5, 126.6};

cv::Mat quantised(const cv::Mat& depth) {
  cv::Mat steps, result;
  depth.convertTo(steps, CV_32S, 1 / kStep);
  steps.convertTo(result, CV_32F, kStep);
  return result;
}

cv::Mat derived(const cv::Mat& depth, const std::string& options = "") {
  Sample sample;
  sample.id = "test";
  sample.camera = kCamera;
  sample.fields["image"] =
      field("tasuki/image", cv::Mat(depth.size(), CV_8UC3, cv::Scalar::all(0)));
  sample.fields["depth"] = field("tasuki/depth", depth);
  cv::RNG random(1);
  make<Transform>("tasuki/NormalsFromDepth", options)->apply(sample, random);
  check_sample(sample);
  return sample.field("normal").value;
}

double degrees(const cv::Vec3f& a, const cv::Vec3d& b) {
  return std::acos(std::clamp(cv::Vec3d(a).dot(b), -1.0, 1.0)) * 180 / CV_PI;
}

struct Errors {
  double mean = 0, largest = 0;
};

Errors errors(const cv::Mat& normals, const cv::Vec3d& truth, const cv::Rect& where) {
  Errors found;
  for (int y = where.y; y < where.br().y; ++y) {
    for (int x = where.x; x < where.br().x; ++x) {
      const double error = degrees(normals.at<cv::Vec3f>(y, x), truth);
      found.mean += error / where.area();
      found.largest = std::max(found.largest, error);
    }
  }
  return found;
}

cv::Vec3d ray(double u, double v) {
  return {(u - kCamera.cx) / kCamera.fx, (v - kCamera.cy) / kCamera.fy, 1};
}

cv::Mat plane_depth(const cv::Vec3d& normal, double distance) {
  cv::Mat depth(240, 320, CV_32FC1);
  for (int y = 0; y < depth.rows; ++y) {
    for (int x = 0; x < depth.cols; ++x) {
      depth.at<float>(y, x) = float(-distance / normal.dot(ray(x, y)));
    }
  }
  return depth;
}

// A wall in front and a wall at the right, meeting at X = 0.3 m, Z = 3 m.
cv::Mat corner_depth() {
  const cv::Mat front = plane_depth({0, 0, -1}, 3);
  cv::Mat depth = front.clone();
  for (int y = 0; y < depth.rows; ++y) {
    for (int x = 0; x < depth.cols; ++x) {
      const double along = ray(x, y)[0];
      if (along > 0) depth.at<float>(y, x) = std::min(3.0f, float(0.3 / along));
    }
  }
  return depth;
}

const cv::Rect kAll(0, 0, 320, 240);

TEST(NormalsFromDepth, ExactOnPlanesOfAnySlant) {
  for (const cv::Vec3d& slant : {cv::Vec3d(0, 0, -1), cv::Vec3d(0.3, -0.4, -0.9),
                                 cv::Vec3d(-0.7, 0.1, -0.7), cv::Vec3d(0, -0.5, -0.5)}) {
    const cv::Vec3d normal = cv::normalize(slant);
    // 1/Z is linear in the pixel, so the fit has no error of its own: single precision of the depth
    // alone, 6e-8 relative, moves the slope over 31 pixels by far less than 0.01 degrees.
    EXPECT_LT(errors(derived(plane_depth(normal, 2)), normal, kAll).largest, 0.05) << normal;
  }
}

TEST(NormalsFromDepth, FacesTheCamera) {
  const cv::Mat normals = derived(corner_depth());
  for (int y = 0; y < normals.rows; ++y) {
    for (int x = 0; x < normals.cols; ++x) {
      ASSERT_LT(cv::Vec3d(normals.at<cv::Vec3f>(y, x)).dot(ray(x, y)), 0);
    }
  }
}

TEST(NormalsFromDepth, QuantisedPlanesAreNearTheirNormals) {
  // Rounding to steps s makes a sawtooth of period P pixels, harmonics h of amplitude s / (pi h). A
  // least-squares slope over w pixels answers a wave of wavelength P / h with at most
  // 12 / w^3 * amplitude * w P / (2 pi h). With m = w / P terraces in the window, all harmonics in
  // phase (sum of 1 / h^2 = 1.64) and the mean over positions (2 / pi), that is a slope of
  // 0.64 * 1.64 * 6 s / (pi^2 m w) metres a pixel, and f / Z cos^2(slant) times that as an angle.
  // Here s = 0.0392, Z = 2.3, f = 259.5, cos^2 = 0.76; depth grows by 4.95 mm a pixel, P = 7.9:
  // 1.0 degrees for w = 31, and, as 1 / w^2, 0.48 degrees for w = 45.
  const cv::Vec3d normal = cv::normalize(cv::Vec3d(0.3, -0.4, -0.9));
  const cv::Mat depth = quantised(plane_depth(normal, 2));
  EXPECT_LT(errors(derived(depth, "depth_step: 0.0392"), normal, kAll).mean, 1.0);
  const auto wide = errors(derived(depth, "depth_step: 0.0392 window: 45"), normal, kAll);
  EXPECT_LT(wide.mean, 0.48);
}

TEST(NormalsFromDepth, KeepsTheEdgeBetweenTwoWalls) {
  // The crease: X = 0.3 m at Z = 3 m.
  const int crease = int(std::ceil(0.1 * kCamera.fx + kCamera.cx));
  const cv::Mat normals = derived(corner_depth());
  const cv::Rect front(0, 0, crease, 240), side(crease, 0, 320 - crease, 240);
  // Plain windows would mix both walls over 15 columns on either side of the crease, from 0 to
  // about 45 degrees: some 22 * 15 / 189 = 1.8 degrees on average of the front wall.
  EXPECT_LT(errors(normals, {0, 0, -1}, front).mean, 0.9);
  EXPECT_LT(errors(normals, {-1, 0, 0}, side).mean, 0.3);
}

TEST(NormalsFromDepth, DoesNotMixSurfacesAcrossAJumpInDepth) {
  const cv::Vec3d slanted = cv::normalize(cv::Vec3d(0.2, -0.3, -1));
  cv::Mat depth = plane_depth({0, 0, -1}, 4);
  plane_depth(slanted, 1.5).colRange(0, 160).copyTo(depth.colRange(0, 160));
  const cv::Mat normals = derived(depth);
  EXPECT_LT(errors(normals, slanted, {0, 0, 160, 240}).largest, 0.05);
  EXPECT_LT(errors(normals, {0, 0, -1}, {160, 0, 160, 240}).largest, 0.05);
}

TEST(NormalsFromDepth, InvalidWhereDepthIsAndWhereItStandsAlone) {
  cv::Mat depth = plane_depth({0, 0, -1}, 2);
  const cv::Rect hole(100, 100, 60, 60);
  depth(hole).setTo(0);
  depth(cv::Rect(130, 130, 2, 1)).setTo(2);  // two neighbours are no plane
  const cv::Mat normals = derived(depth);
  const cv::Mat valid = field_kind("tasuki/normals").valid_mask(normals);
  EXPECT_EQ(cv::countNonZero(valid), 320 * 240 - hole.area());
  EXPECT_EQ(cv::countNonZero(valid(hole)), 0);
  EXPECT_LT(errors(normals, {0, 0, -1}, {0, 0, 320, 100}).largest, 0.05);
}

TEST(NormalsFromDepth, NoDepthGivesNoNormals) {
  const cv::Mat normals = derived(cv::Mat::zeros(33, 47, CV_32FC1));
  EXPECT_EQ(cv::norm(normals, cv::NORM_INF), 0);
}

TEST(NormalsFromDepth, PicturesSmallerThanTheWindow) {
  const cv::Mat depth = plane_depth({0, 0, -1}, 2)(cv::Rect(0, 0, 7, 5)).clone();
  EXPECT_LT(errors(derived(depth), {0, 0, -1}, {0, 0, 7, 5}).largest, 0.1);
  EXPECT_EQ(derived(depth(cv::Rect(0, 0, 7, 1)).clone()).rows, 1);
}

TEST(NormalsFromDepth, NeedsACamera) {
  Sample sample = PlaneScene().sample();
  sample.camera.reset();
  cv::RNG random(1);
  EXPECT_THROW(make<Transform>("tasuki/NormalsFromDepth")->apply(sample, random), Error);
}

TEST(NormalsFromDepth, RefusesOptionsOutOfRange) {
  for (const char* options :
       {"window: 30", "window: 1", "window: 129", "gate: 0", "gate: nan", "depth_step: -1",
        "noise: -0.1", "noise: 2", "noise: nan", "scales: 0", "scales: 9", "least_neighbours: 2"}) {
    EXPECT_THROW(make<Transform>("tasuki/NormalsFromDepth", options), OptionError) << options;
  }
  EXPECT_NO_THROW(make<Transform>("tasuki/NormalsFromDepth", "scales: 8 window: 127 noise: 1"));
}

}  // namespace
}  // namespace tasuki
