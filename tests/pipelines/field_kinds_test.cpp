#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <thread>
#include <vector>

#include "tasuki/data/field_kind.h"
#include "tasuki/registry/registry.h"
#include "tests/pipelines/samples.h"

namespace tasuki {
namespace {

using testing::same;

// A valid pixel of each kind.
cv::Scalar valid_pixel(const std::string& name) {
  return name == "tasuki/normals" ? cv::Scalar(0.6, 0, -0.8) : cv::Scalar::all(1);
}

class EveryKind : public ::testing::TestWithParam<const char*> {
 protected:
  const FieldKind& kind() const { return field_kind(GetParam()); }
  // Valid but for the pixel (x 2, y 1).
  cv::Mat with_hole() const {
    cv::Mat value(3, 5, kind().mat_type(), valid_pixel(GetParam()));
    value(cv::Rect(2, 1, 1, 1)).setTo(cv::Scalar::all(kind().invalid_value()));
    return value;
  }
  bool is_image() const { return kind().pads_by_reflection(); }
};

TEST_P(EveryKind, MasksTheInvalidPixelAndNoOther) {
  const cv::Mat mask = kind().valid_mask(with_hole());
  ASSERT_EQ(mask.type(), CV_8UC1);
  EXPECT_EQ(cv::countNonZero(mask), is_image() ? 15 : 14);
  EXPECT_EQ(cv::countNonZero(mask == 255), cv::countNonZero(mask));
  if (!is_image()) {
    EXPECT_EQ(mask.at<uchar>(1, 2), 0);
  }
}

TEST_P(EveryKind, InvalidPixelsStayInvalidUnderAllGeometry) {
  cv::Mat value = with_hole();
  kind().after_flip(value);
  kind().after_zoom(value, 1.5);
  kind().after_resize(value, 0.6);
  EXPECT_TRUE(same(kind().valid_mask(value), kind().valid_mask(with_hole())));
  EXPECT_EQ(kind().range_error(value), "");
}

TEST_P(EveryKind, FlipsTwiceToWhatItWas) {
  cv::Mat value = with_hole();
  kind().after_flip(value);
  kind().after_flip(value);
  EXPECT_TRUE(same(value, with_hole()));
}

TEST_P(EveryKind, InterpolatesOnlyImages) {
  const bool bilinear = kind().interpolation() == FieldKind::Interpolation::kBilinear;
  EXPECT_EQ(bilinear, std::string(GetParam()) == "tasuki/image");
}

INSTANTIATE_TEST_SUITE_P(All, EveryKind,
                         ::testing::Values("tasuki/image", "tasuki/label_map", "tasuki/depth",
                                           "tasuki/disparity", "tasuki/inverse_depth",
                                           "tasuki/normals", "tasuki/mask"),
                         [](const auto& kind) { return std::string(kind.param).substr(7); });

// Workers may be the first that ask.
TEST(FieldKinds, AreMadeOnceFromAnyThread) {
  const auto names = Registry::instance().names(FieldKind::kKind);
  ASSERT_GE(names.size(), 7u);
  std::vector<std::vector<const FieldKind*>> seen(8);
  {
    std::vector<std::jthread> threads;
    for (auto& own : seen) {
      threads.emplace_back([&own, &names] {
        for (const auto& name : names) own.push_back(&field_kind(name));
      });
    }
  }
  for (const auto& own : seen) EXPECT_EQ(own, seen.front());
}

TEST(FieldKinds, ZoomBringsDepthNearerAndWidensDisparity) {
  cv::Mat depth(1, 1, CV_32FC1, cv::Scalar(3)), disparity(1, 1, CV_32FC1, cv::Scalar(8));
  field_kind("tasuki/depth").after_zoom(depth, 1.5);
  field_kind("tasuki/disparity").after_zoom(disparity, 1.5);
  EXPECT_FLOAT_EQ(depth.at<float>(0), 2);
  EXPECT_FLOAT_EQ(disparity.at<float>(0), 12);
  cv::Mat inverse(1, 1, CV_32FC1, cv::Scalar(1.0 / 3));
  field_kind("tasuki/inverse_depth").after_zoom(inverse, 1.5);
  EXPECT_FLOAT_EQ(inverse.at<float>(0) * depth.at<float>(0), 1);
}

TEST(FieldKinds, ResizeScalesDisparityAlone) {
  cv::Mat depth(1, 1, CV_32FC1, cv::Scalar(3)), disparity(1, 1, CV_32FC1, cv::Scalar(8));
  field_kind("tasuki/depth").after_resize(depth, 0.5);
  field_kind("tasuki/disparity").after_resize(disparity, 0.5);
  EXPECT_FLOAT_EQ(depth.at<float>(0), 3);
  cv::Mat inverse(1, 1, CV_32FC1, cv::Scalar(0.25));
  field_kind("tasuki/inverse_depth").after_resize(inverse, 0.5);
  EXPECT_FLOAT_EQ(inverse.at<float>(0), 0.25f);
  EXPECT_FLOAT_EQ(disparity.at<float>(0), 4);
}

TEST(FieldKinds, NormalWhoseComponentsSumToZeroIsValid) {
  const float half = std::sqrt(0.5f);
  const cv::Mat normal(1, 1, CV_32FC3, cv::Scalar(half, -half, 0));
  EXPECT_EQ(field_kind("tasuki/normals").valid_mask(normal).at<uchar>(0), 255);
}

TEST(FieldKinds, RangeErrorsNameValueAndPixel) {
  cv::Mat depth(9, 5, CV_32FC1, cv::Scalar(1));
  depth.at<float>(7, 3) = -2.5f;
  EXPECT_EQ(field_kind("tasuki/depth").range_error(depth),
            "value -2.500000 at (x 3, y 7): depth is metres > 0, or 0 where invalid");
  cv::Mat label(2, 2, CV_32SC1, cv::Scalar(-1));
  label.at<int>(1, 0) = -2;
  EXPECT_EQ(field_kind("tasuki/label_map").range_error(label),
            "value -2 at (x 0, y 1): a class index is 0 or more, or -1 where there is no label");
}

TEST(FieldKinds, NothingThatIsNotFiniteIsInRange) {
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    for (const char* name :
         {"tasuki/depth", "tasuki/disparity", "tasuki/inverse_depth", "tasuki/normals"}) {
      const cv::Mat value(1, 1, field_kind(name).mat_type(), cv::Scalar::all(bad));
      EXPECT_NE(field_kind(name).range_error(value), "") << name << " " << bad;
    }
  }
}

TEST(FieldKinds, RangeLimits) {
  const auto wrong = [](const char* name, const cv::Scalar& pixel) {
    const auto& kind = field_kind(name);
    return !kind.range_error(cv::Mat(1, 1, kind.mat_type(), pixel)).empty();
  };
  EXPECT_FALSE(wrong("tasuki/normals", {0, 0, -1.0009}));
  EXPECT_TRUE(wrong("tasuki/normals", {0, 0, -1.0011}));
  EXPECT_TRUE(wrong("tasuki/normals", {0, 0, -0.9989}));
  EXPECT_TRUE(wrong("tasuki/mask", 2));
  EXPECT_FALSE(wrong("tasuki/mask", 255));
  EXPECT_TRUE(wrong("tasuki/disparity", -0.5));
}

}  // namespace
}  // namespace tasuki
