
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <sstream>

#include "tasuki/registry/registry.h"
#include "tools/field_print.h"

namespace tasuki::tools {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Field field(const char* kind, const cv::Mat& value) {
  return {&field_kind(kind), value, ""};
}

FieldMeaning meaning_of(const std::string& kind) {
  return kind == "tasuki/mask"      ? FieldMeaning::kMask
         : kind == "tasuki/normals" ? FieldMeaning::kNormals
                                    : FieldMeaning::kPlain;
}

FieldSummary summary_of(const char* kind, const std::vector<cv::Mat>& values,
                        const std::optional<Camera>& camera = {}) {
  FieldSummary summary;
  for (const auto& value : values) summary.add(field(kind, value), meaning_of(kind), camera);
  return summary;
}

std::string text_of(const FieldSummary& summary, const std::vector<std::string>& names = {}) {
  std::ostringstream out;
  print_field(out, "field", summary, names);
  return out.str();
}

TEST(FieldSummary, CountsPixelsAndSamplesOfEachClass) {
  const cv::Mat a = (cv::Mat_<int>(2, 3) << 0, 2, 2, -1, 2, 0), b = (cv::Mat_<int>(1, 2) << 0, -1);
  const auto summary = summary_of("tasuki/label_map", {a, b});
  EXPECT_THAT(summary.class_pixels(), ElementsAre(3, 0, 3));
  EXPECT_THAT(summary.class_samples(), ElementsAre(2, 0, 1));
  EXPECT_EQ(summary.finding(), "");
  EXPECT_THAT(text_of(summary, {"wall", "lamp", "floor", "door"}),
              AllOf(HasSubstr("2 samples   75.00 % valid pixels"), HasSubstr("wall"),
                    HasSubstr("50.00 %  in 2 samples"), HasSubstr("no pixel of: lamp, door")));
}

// Of 12 bits in files of 16, a network would see the numbers 0 to 15.
TEST(FieldSummary, ImagesThatUseASmallPartOfTheirRangeAreAFinding) {
  auto summary = summary_of("tasuki/image", {cv::Mat(3, 9, CV_8UC3, cv::Scalar(0, 15, 7))});
  EXPECT_THAT(summary.finding(), AllOf(HasSubstr("no colour of any sample is above 15 of 255"),
                                       HasSubstr("data.image.white_level")));
  FieldSummary files;
  files.add_stored({16, 12, 900});
  files.add_stored({16, 16, 4080});
  summary.merge(files);
  EXPECT_THAT(summary.finding(), AllOf(HasSubstr("of stored values 12 to 4080 in 16 bits"),
                                       HasSubstr("data.image.white_level: 4095")));
  EXPECT_THAT(text_of(summary), HasSubstr("12 to 4080 in files of 16 bits"));
  auto bright = summary_of("tasuki/image", {cv::Mat(3, 9, CV_8UC3, cv::Scalar(0, 200, 7))});
  bright.add_stored({16, 0, 51400});
  EXPECT_EQ(bright.finding(), "");
  EXPECT_THAT(text_of(bright), HasSubstr("0 to 51400 in files of 16 bits"));
}

TEST(FieldSummary, ClassesWithoutAPixelAreNamed) {
  const cv::Mat labels = (cv::Mat_<int>(2, 3) << 0, 2, 2, -1, 2, 0);
  const auto summary = summary_of("tasuki/label_map", {labels});
  EXPECT_THAT(
      summary.absent_classes(4, {"wall", "lamp", "floor", "door"}),
      HasSubstr("2 of 4 classes have no pixel, so that nothing can be learned of them: lamp, "
                "door;"));
  EXPECT_THAT(summary.absent_classes(2, {}), HasSubstr("1 of 2 classes have no pixel"));
  EXPECT_THAT(summary.absent_classes(2, {}), HasSubstr(": 1;"));
  EXPECT_EQ(summary.absent_classes(1, {}), "");
  EXPECT_THAT(summary.absent_classes(100, {}), HasSubstr(" and 88 more"));
  const cv::Mat none(3, 9, CV_32SC1, cv::Scalar(-1));
  EXPECT_EQ(summary_of("tasuki/label_map", {none}).absent_classes(2, {}), "");
}

// What trains without an error, and learns nothing.
TEST(FieldSummary, FieldsThatSayNothingAreFindings) {
  const cv::Mat none(3, 9, CV_32SC1, cv::Scalar(-1)), some(3, 9, CV_32SC1, cv::Scalar(2));
  EXPECT_THAT(summary_of("tasuki/label_map", {none, none}).finding(),
              HasSubstr("no pixel of any sample is valid"));
  EXPECT_EQ(summary_of("tasuki/label_map", {none, some}).finding(), "");
  const cv::Mat no(3, 9, CV_8UC1, cv::Scalar(0)), yes(3, 9, CV_8UC1, cv::Scalar(1));
  EXPECT_THAT(summary_of("tasuki/mask", {no, no}).finding(),
              HasSubstr("no pixel of any sample is yes"));
  EXPECT_EQ(summary_of("tasuki/mask", {no, yes}).finding(), "");
  const cv::Mat black(3, 9, CV_8UC3, cv::Scalar(0, 1, 0)), dim(3, 9, CV_8UC3, cv::Scalar(0, 64, 0));
  EXPECT_THAT(summary_of("tasuki/image", {black}).finding(), HasSubstr("take scale: 255"));
  EXPECT_EQ(summary_of("tasuki/image", {black, dim}).finding(), "");
}

TEST(FieldSummary, ManyClassesAreCutToTheLargest) {
  cv::Mat labels(1, 200, CV_32SC1);
  for (int i = 0; i < 200; ++i) labels.at<int>(0, i) = i < 120 ? 70 : i - 119;
  const auto text = text_of(summary_of("tasuki/label_map", {labels}));
  EXPECT_THAT(text, HasSubstr("the 50 largest of 80 classes"));
  const auto row = [&](const char* index) { return text.find(std::string("\n    ") + index); };
  EXPECT_LT(row("  70 "), row("   1 "));
  EXPECT_NE(row("   1 "), std::string::npos);
}

TEST(FieldSummary, HistogramAndQuantilesAreThoseOfTheValues) {
  cv::RNG random(7);
  cv::Mat depth(200, 300, CV_32FC1);
  random.fill(depth, cv::RNG::UNIFORM, 0.5, 8.0);
  cv::Mat holes(200, 300, CV_8UC1);
  random.fill(holes, cv::RNG::UNIFORM, 0, 2);
  depth.setTo(0, holes);
  std::vector<float> values;
  for (int i = 0; i < 200 * 300; ++i) {
    if (const float z = depth.at<float>(i / 300, i % 300); z > 0) values.push_back(z);
  }
  std::sort(values.begin(), values.end());
  const auto summary = summary_of("tasuki/depth", {depth});
  for (const double part : {0.01, 0.25, 0.5, 0.99}) {
    const double exact = values[size_t(part * double(values.size()))];
    EXPECT_NEAR(summary.quantile(part) / exact, 1, 0.004) << part;
  }
  const auto shares = summary.histogram(5);
  EXPECT_NEAR(std::accumulate(shares.begin(), shares.end(), 0.0), 1, 1e-9);
  for (const double share : shares) EXPECT_NEAR(share, 0.2, 0.01);
}

TEST(FieldSummary, ValuesOfOneSizeAndZerosHaveAHistogram) {
  const auto flat = summary_of("tasuki/depth", {cv::Mat(2, 2, CV_32FC1, cv::Scalar(3))});
  EXPECT_FLOAT_EQ(float(flat.quantile(0.5)), 3);
  EXPECT_THAT(text_of(flat), HasSubstr("100.00 %"));
  const cv::Mat disparity = (cv::Mat_<float>(1, 4) << 0, 0, 0, 5);
  const auto zeros = summary_of("tasuki/disparity", {disparity});
  EXPECT_EQ(zeros.quantile(0.5), 0);
  EXPECT_DOUBLE_EQ(zeros.histogram(2)[0], 0.75);
  const auto nothing = summary_of("tasuki/depth", {cv::Mat(2, 2, CV_32FC1, cv::Scalar(0))});
  EXPECT_THAT(text_of(nothing), AllOf(HasSubstr("0.00 % valid"), Not(HasSubstr("to"))));
}

// Of a plane with normal n the camera sees the side for which n . ray < 0.
TEST(FieldSummary, NormalsThatPointAwayAreAFinding) {
  const cv::Mat facing(4, 6, CV_32FC3, cv::Scalar(0, 0, -1));
  EXPECT_EQ(summary_of("tasuki/normals", {facing}).finding(), "");
  const cv::Mat away(4, 6, CV_32FC3, cv::Scalar(0, 0, 1));
  EXPECT_THAT(summary_of("tasuki/normals", {away}).finding(), HasSubstr("100.0 % of the normals"));
  EXPECT_THAT(text_of(summary_of("tasuki/normals", {facing, away})),
              HasSubstr("50.00 % point away"));
  // A wall to the left, seen at the picture's left edge alone: z may be above 0.
  const cv::Mat wall(1, 1, CV_32FC3, cv::Scalar(0.8, 0, 0.6));
  EXPECT_EQ(summary_of("tasuki/normals", {wall}, Camera{1, 1, 2, 0}).finding(), "");
  EXPECT_NE(summary_of("tasuki/normals", {wall}, Camera{1, 1, 0, 0}).finding(), "");
}

TEST(FieldSummary, MergedIsTheSameAsAddedTogether) {
  cv::Mat a(3, 3, CV_32FC1, cv::Scalar(2)), b(5, 2, CV_32FC1, cv::Scalar(7));
  FieldSummary merged = summary_of("tasuki/depth", {a});
  merged.merge(summary_of("tasuki/depth", {b}));
  EXPECT_EQ(text_of(merged), text_of(summary_of("tasuki/depth", {a, b})));
}

}  // namespace
}  // namespace tasuki::tools
