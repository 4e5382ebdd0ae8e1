#include <gtest/gtest.h>

#include <cmath>

#include "tasuki/data/transform.h"
#include "tests/pipelines/plugin.h"
#include "tests/pipelines/samples.h"

namespace tasuki {
namespace {

using testing::deep_copy;
using testing::make;
using testing::PlaneScene;
using testing::same;

struct Case {
  const char* name;
  const char* options;
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.name << " {" << c.options << "}";
}

// The back-projected pixels lie on the plane, each within `tolerance` times its distance; and on
// average ten times nearer, which a camera that is off by a fraction of a pixel would not reach.
void expect_on_plane(const Sample& sample, const cv::Vec3d& normal, double distance,
                     double tolerance) {
  const cv::Mat& depth = sample.field("depth").value;
  const Camera& camera = *sample.camera;
  double sum = 0;
  for (int y = 0; y < depth.rows; ++y) {
    for (int x = 0; x < depth.cols; ++x) {
      const double z = depth.at<float>(y, x);
      if (z == 0) continue;
      const cv::Vec3d point((x - camera.cx) / camera.fx * z, (y - camera.cy) / camera.fy * z, z);
      ASSERT_NEAR(normal.dot(point), -distance, tolerance * distance) << "x " << x << ", y " << y;
      sum += normal.dot(point) + distance;
    }
  }
  EXPECT_NEAR(sum / double(depth.total()), 0, 0.1 * tolerance * distance);
}

cv::Vec3d normal_at(const Sample& sample, int y, int x) {
  return cv::Vec3d(sample.field("normal").value.at<cv::Vec3f>(y, x));
}

class EveryRandom : public ::testing::TestWithParam<Case> {
 protected:
  std::unique_ptr<Transform> transform() const {
    return make<Transform>(GetParam().name, GetParam().options);
  }
  Sample applied(Sample sample, uint64_t seed) const {
    cv::RNG random(seed);
    transform()->apply(sample, random);
    return sample;
  }
};

TEST_P(EveryRandom, SameSeedSameSample) {
  for (uint64_t seed = 1; seed < 10; ++seed) {
    EXPECT_TRUE(same(applied(PlaneScene().sample(), seed), applied(PlaneScene().sample(), seed)));
  }
}

TEST_P(EveryRandom, SeedsDiffer) {
  int different = 0;
  const Sample first = applied(PlaneScene().sample(), 1);
  for (uint64_t seed = 2; seed < 30; ++seed) {
    different += !same(first, applied(PlaneScene().sample(), seed * 7919));
  }
  EXPECT_GT(different, 3);
  EXPECT_TRUE(transform()->random());
}

TEST_P(EveryRandom, NeverWritesIntoBuffersOfOthers) {
  const Sample shared = PlaneScene().sample();
  const Sample before = deep_copy(shared);
  for (uint64_t seed = 1; seed < 20; ++seed) applied(shared, seed);
  EXPECT_TRUE(same(shared, before));
}

TEST_P(EveryRandom, LeavesEveryFieldInRangeAndOfOneSize) {
  for (uint64_t seed = 1; seed < 20; ++seed) {
    EXPECT_NO_THROW(check_sample(applied(PlaneScene().sample(), seed)));
  }
}

TEST_P(EveryRandom, LabelsStayWithTheirPixels) {
  // The image tells where a pixel was (blue 3 x, green 5 y), as its label does. Enlarged images are
  // interpolated, hence a margin of one pixel.
  for (uint64_t seed = 1; seed < 20; ++seed) {
    const Sample after = applied(PlaneScene().sample(), seed);
    const cv::Mat& label = after.field("seg").value;
    for (int y = 0; y < label.rows; ++y) {
      for (int x = 0; x < label.cols; ++x) {
        const int was = label.at<int>(y, x);
        if (was < 0) continue;
        const auto pixel = after.field("image").value.at<cv::Vec3b>(y, x);
        ASSERT_NEAR(pixel[0] / 3.0, was % 64, 1) << GetParam().name << " at " << x << ", " << y;
        ASSERT_NEAR(pixel[1] / 5.0, was / 64, 1);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, EveryRandom,
                         ::testing::Values(Case{"tasuki/RandomScaleCrop", ""},
                                           Case{"tasuki/RandomScaleCrop",
                                                "renormalise_normals: 'normal'"},
                                           Case{"tasuki/RandomFlip", ""},
                                           Case{"tasuki/RandomCrop", "height: 30 width: 40"},
                                           Case{"tasuki/RandomCrop", "height: 60 width: 40"}));

TEST(RandomFlip, TwiceIsTheIdentity) {
  const auto flip = make<Transform>("tasuki/RandomFlip", "probability: 1");
  const Sample before = PlaneScene().sample();
  Sample after = before;
  cv::RNG random(1);
  flip->apply(after, random);
  EXPECT_FALSE(same(after, before));
  flip->apply(after, random);
  EXPECT_TRUE(same(after, before));
  EXPECT_DOUBLE_EQ(after.camera->cx, before.camera->cx);
}

TEST(RandomFlip, MirrorsTheScene) {
  const PlaneScene scene;
  Sample sample = scene.sample();
  cv::RNG random(1);
  make<Transform>("tasuki/RandomFlip", "probability: 1")->apply(sample, random);
  const cv::Vec3d mirrored(-scene.normal[0], scene.normal[1], scene.normal[2]);
  EXPECT_LT(cv::norm(normal_at(sample, 5, 9) - mirrored), 1e-6);
  expect_on_plane(sample, mirrored, scene.distance, 1e-6);
}

TEST(RandomFlip, HappensAsOftenAsAsked) {
  const auto flip = make<Transform>("tasuki/RandomFlip", "probability: 0.25");
  cv::RNG random(3);
  int flipped = 0;
  const Sample before = PlaneScene().sample(4, 4);
  for (int i = 0; i < 2000; ++i) {
    Sample sample = before;
    flip->apply(sample, random);
    flipped += sample.camera->cx != before.camera->cx;
  }
  EXPECT_NEAR(flipped, 500, 100);  // five standard deviations
}

TEST(RandomCrop, KeepsThePlaneWhereItIs) {
  const PlaneScene scene;
  for (uint64_t seed = 1; seed < 10; ++seed) {
    Sample sample = scene.sample();
    cv::RNG random(seed);
    make<Transform>("tasuki/RandomCrop", "height: 20 width: 70")->apply(sample, random);
    EXPECT_EQ(sample.size(), cv::Size(70, 20));
    expect_on_plane(sample, scene.normal, scene.distance, 1e-6);
    // What was added at the right has no label.
    const Field& depth = sample.field("depth");
    EXPECT_EQ(cv::countNonZero(depth.kind->valid_mask(depth.value)), 20 * 64);
  }
}

// The nearest pixel is up to half a pixel away: 0.5 (|nx| / fx + |ny| / fy) Z / distance, which is
// below 0.4 % in this view. Three fifths: no pixel lies just between two.
constexpr double kHalfPixel = 0.004;

PlaneScene narrow_view() {
  PlaneScene scene;
  scene.camera = {300, 310, 158.3, 121.8};
  return scene;
}

TEST(RandomScaleCrop, ShrinksTheSceneUnderAZoomingCamera) {
  const PlaneScene scene = narrow_view();
  for (uint64_t seed = 1; seed < 10; ++seed) {
    Sample sample = scene.sample(240, 320);
    cv::RNG random(seed);
    make<Transform>("tasuki/RandomScaleCrop", "scale: 1.6666666666666667")->apply(sample, random);
    EXPECT_DOUBLE_EQ(sample.camera->fx, 500);
    EXPECT_LT(cv::norm(normal_at(sample, 5, 9) - scene.normal), 1e-6);
    expect_on_plane(sample, scene.normal, scene.distance * 0.6, kHalfPixel);
  }
}

TEST(RandomScaleCrop, CompressesTheSceneUnderAFixedCamera) {
  const PlaneScene scene = narrow_view();
  for (uint64_t seed = 1; seed < 10; ++seed) {
    Sample sample = scene.sample(240, 320);
    cv::RNG random(seed);
    make<Transform>("tasuki/RandomScaleCrop",
                    "scale: 1.6666666666666667 renormalise_normals: 'normal'")
        ->apply(sample, random);
    EXPECT_DOUBLE_EQ(sample.camera->fx, 300);
    const cv::Vec3d squeezed(scene.normal[0], scene.normal[1], scene.normal[2] / 0.6);
    EXPECT_LT(cv::norm(normal_at(sample, 5, 9) - cv::normalize(squeezed)), 1e-6);
    expect_on_plane(sample, cv::normalize(squeezed), scene.distance / cv::norm(squeezed),
                    kHalfPixel);
  }
}

TEST(RandomScaleCrop, DepthTimesDisparityKeepsItsMeaning) {
  // disparity * depth = focal length * baseline: unchanged when both follow the same zoom.
  const Sample before = PlaneScene().sample();
  Sample after = before;
  cv::RNG random(5);
  make<Transform>("tasuki/RandomScaleCrop", "scale: 1.5")->apply(after, random);
  const cv::Mat product = after.field("depth").value.mul(after.field("disparity").value);
  EXPECT_LT(cv::norm(product, cv::Mat(product.size(), CV_32F, cv::Scalar(6)), cv::NORM_INF), 1e-4);
}

TEST(RandomScaleCrop, RefusesToShrink) {
  EXPECT_THROW(make<Transform>("tasuki/RandomScaleCrop", "scale: [1.0, 0.5]"), OptionError);
}

}  // namespace
}  // namespace tasuki
