#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>
#include <set>

#include "tasuki/data/transform.h"
#include "tests/pipelines/plugin.h"
#include "tests/pipelines/samples.h"

namespace tasuki {
namespace {

using testing::make;
using testing::PlaneScene;
using testing::same;

Sample applied(const std::string& name, const std::string& options, Sample sample,
               uint64_t seed = 7) {
  cv::RNG random(seed);
  make<Transform>(name, options)->apply(sample, random);
  return sample;
}

TEST(Resize, ScalesCameraWithThePicture) {
  const PlaneScene scene;
  const Sample sample = applied("tasuki/Resize", "height: 24 width: 32", scene.sample());
  // The image covers -0.5 to W - 0.5 before and after.
  EXPECT_DOUBLE_EQ(sample.camera->fx, 30);
  EXPECT_DOUBLE_EQ(sample.camera->fy, 31);
  EXPECT_DOUBLE_EQ(sample.camera->cx, (30.3 + 0.5) / 2 - 0.5);
  const int was = sample.field("seg").value.at<int>(3, 3);
  EXPECT_FLOAT_EQ(sample.field("disparity").value.at<float>(3, 3),
                  scene.sample().field("disparity").value.at<float>(was / 64, was % 64) / 2);
}

TEST(Resize, PicksTheSamePixelsAsOpenCvsExactNearest) {
  const Sample before = PlaneScene().sample(40, 50);
  const Sample after = applied("tasuki/Resize", "height: 24 width: 30", before);
  for (int y = 0; y < 24; ++y) {
    for (int x = 0; x < 30; ++x) {
      // Centre of the new pixel in the old picture; 5/3 never falls on a border of two pixels here.
      const int old_x = int((x + 0.5) * 50 / 30), old_y = int((y + 0.5) * 40 / 24);
      ASSERT_EQ(after.field("seg").value.at<int>(y, x), old_y * 50 + old_x);
    }
  }
}

TEST(Resize, KeepsTheRatioWhereAsked) {
  const Sample after = applied("tasuki/Resize", "height: 100 width: 32 keep_ratio: true",
                               PlaneScene().sample(48, 64));
  EXPECT_EQ(after.size(), cv::Size(32, 24));
}

TEST(Resize, AntialiasAverages) {
  Sample sample = PlaneScene().sample(8, 8);
  cv::Mat image(8, 8, CV_8UC3, cv::Scalar::all(0));
  for (int x = 0; x < 8; x += 4) image(cv::Rect(x, 0, 1, 8)).setTo(cv::Scalar::all(200));
  sample.field("image").value = image;
  const Sample plain = applied("tasuki/Resize", "height: 8 width: 2", sample);
  const Sample smooth = applied("tasuki/Resize", "height: 8 width: 2 antialias: true", sample);
  EXPECT_EQ(smooth.field("image").value.at<cv::Vec3b>(0, 0)[0], 50);
  EXPECT_EQ(plain.field("image").value.at<cv::Vec3b>(0, 0)[0], 0);
  EXPECT_TRUE(same(plain.field("seg").value, smooth.field("seg").value));
}

TEST(Resize, NeedsASize) {
  try {
    make<Transform>("tasuki/Resize", "height: 20");
    FAIL();
  } catch (const OptionError& error) {
    EXPECT_EQ(error.field(), "width");
  }
}

TEST(Pad, AddsInvalidLabelsAndMirroredImage) {
  const Sample before = PlaneScene().sample(45, 61);
  const Sample after = applied("tasuki/Pad", "", before);
  EXPECT_EQ(after.size(), cv::Size(64, 64));
  for (const auto& [name, field] : after.fields) {
    const cv::Mat inside = field.value(cv::Rect(0, 0, 61, 45));
    EXPECT_TRUE(same(inside, before.field(name).value)) << name;
    if (name == "image") continue;
    EXPECT_EQ(cv::countNonZero(field.kind->valid_mask(field.value)), 61 * 45) << name;
    EXPECT_EQ(field.kind->range_error(field.value), "") << name;
  }
  const cv::Mat& image = after.field("image").value;
  EXPECT_EQ(image.at<cv::Vec3b>(3, 61), image.at<cv::Vec3b>(3, 59));
  EXPECT_DOUBLE_EQ(after.camera->cx, before.camera->cx);
}

TEST(Pad, ReachesASizeAndADivisor) {
  const Sample before = PlaneScene().sample(48, 64);
  EXPECT_EQ(applied("tasuki/Pad", "height: 50 width: 60 divisor: 3", before).size(),
            cv::Size(66, 51));
  EXPECT_EQ(applied("tasuki/Pad", "height: 10 width: 10", before).size(), cv::Size(64, 48));
}

TEST(Pad, DoesNotLookOutsideOfAView) {
  Sample sample = PlaneScene().sample(48, 64);
  for (auto& [name, field] : sample.fields) field.value = field.value(cv::Rect(0, 0, 10, 10));
  const Sample after = applied("tasuki/Pad", "height: 10 width: 12", sample);
  const cv::Mat& image = after.field("image").value;
  EXPECT_EQ(image.at<cv::Vec3b>(0, 10), image.at<cv::Vec3b>(0, 8));
}

// Where the padding is said to be there is no valid label, and everywhere else there is.
void expect_content(const Sample& sample, const cv::Rect& content) {
  EXPECT_EQ(sample.content(), content);
  cv::Mat expected(sample.size(), CV_8UC1, cv::Scalar(0));
  expected(sample.content()).setTo(255);
  const Field& seg = sample.field("seg");
  EXPECT_TRUE(same(seg.kind->valid_mask(seg.value), expected));
}

TEST(Padding, IsKnownWhateverComesAfterIt) {
  const Sample whole = PlaneScene().sample(20, 30);
  expect_content(whole, {0, 0, 30, 20});
  const Sample padded = applied("tasuki/Pad", "height: 40 width: 40", whole);
  expect_content(padded, {0, 0, 30, 20});
  expect_content(applied("tasuki/Pad", "height: 44 width: 40", padded), {0, 0, 30, 20});
  expect_content(applied("tasuki/Resize", "height: 80 width: 20", padded), {0, 0, 15, 40});
  const Sample mirrored = applied("tasuki/RandomFlip", "probability: 1", padded);
  expect_content(mirrored, {10, 0, 30, 20});
  expect_content(applied("tasuki/Resize", "height: 20 width: 80", mirrored), {20, 0, 60, 10});
}

TEST(Padding, IsCroppedWithThePicture) {
  const Sample padded =
      applied("tasuki/RandomFlip", "probability: 1",
              applied("tasuki/Pad", "height: 40 width: 40", PlaneScene().sample(20, 30)));
  std::set<std::pair<int, int>> seen;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    const Sample cropped = applied("tasuki/RandomCrop", "height: 16 width: 50", padded, seed);
    expect_content(cropped, cropped.content());
    seen.insert({cropped.content().x, cropped.content().height});
    const Sample zoomed = applied("tasuki/RandomScaleCrop", "scale: 2", padded, seed);
    expect_content(zoomed, zoomed.content());
  }
  EXPECT_GT(seen.size(), 3u);
}

// Half a pixel of each border is left: the nearest whole ones, and never more than there are.
TEST(Padding, IsWholePixelsAfterAnyResize) {
  const Sample mirrored =
      applied("tasuki/RandomFlip", "probability: 1",
              applied("tasuki/Pad", "height: 21 width: 33", PlaneScene().sample(20, 30)));
  for (const int width : {1, 2, 7, 10, 22, 50}) {
    const Sample after =
        applied("tasuki/Resize", "height: 9 width: " + std::to_string(width), mirrored);
    const cv::Rect content = after.content();
    EXPECT_NEAR(content.x, 3.0 * width / 33, 0.5);
    EXPECT_EQ(content.x + content.width, width);
    EXPECT_EQ(content.height, 9);
  }
}

TEST(Normalize, OnlySetsTheNormalization) {
  const Sample before = PlaneScene().sample();
  const Sample after =
      applied("tasuki/Normalize", "mean: [0.1, 0.2, 0.3] standard_deviation: [1, 2, 4]", before);
  EXPECT_THAT(after.normalization.mean, ::testing::ElementsAre(0.1f, 0.2f, 0.3f));
  EXPECT_THAT(after.normalization.standard_deviation, ::testing::ElementsAre(1, 2, 4));
  EXPECT_EQ(after.field("image").value.data, before.field("image").value.data);
  EXPECT_THROW(make<Transform>("tasuki/Normalize", "mean: [0.1, 0.2]"), OptionError);
  EXPECT_THROW(make<Transform>("tasuki/Normalize", "standard_deviation: [1, 0, 1]"), OptionError);
}

TEST(PhotometricDistortion, ChangesTheImageAlone) {
  const Sample before = PlaneScene().sample();
  int changed = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const Sample after = applied("tasuki/PhotometricDistortion", "", before, seed);
    changed += !same(after.field("image").value, before.field("image").value);
    for (const auto& [name, field] : after.fields) {
      if (name != "image") {
        ASSERT_TRUE(same(field.value, before.field(name).value));
      }
    }
  }
  EXPECT_GE(changed, 15);  // all four steps are left out once in 16
}

TEST(PhotometricDistortion, WithoutRangesIsTheIdentity) {
  const Sample before = PlaneScene().sample();
  const std::string nothing =
      "brightness: 0 contrast_lower: 1 contrast_upper: 1 saturation_lower: 1 "
      "saturation_upper: 1 hue: 0";
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    EXPECT_TRUE(same(applied("tasuki/PhotometricDistortion", nothing, before, seed), before));
  }
}

TEST(PhotometricDistortion, BrightnessAddsOneClippedNumber) {
  Sample before = PlaneScene().sample();
  before.field("image").value = cv::Mat(4, 4, CV_8UC3, cv::Scalar(250, 100, 3));
  const std::string bright =
      "brightness: 20 contrast_lower: 1 contrast_upper: 1 saturation_lower: 1 "
      "saturation_upper: 1 hue: 0";
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const auto pixel = applied("tasuki/PhotometricDistortion", bright, before, seed)
                           .field("image")
                           .value.at<cv::Vec3b>(0, 0);
    const int offset = pixel[1] - 100;
    EXPECT_LE(std::abs(offset), 20);
    EXPECT_EQ(pixel[0], std::min(255, 250 + offset));
    EXPECT_EQ(pixel[2], std::max(0, 3 + offset));
  }
}

}  // namespace
}  // namespace tasuki
