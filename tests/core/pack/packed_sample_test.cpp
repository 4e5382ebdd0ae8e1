#include "tasuki/pack/packed_sample.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "tasuki/error/error.h"
#include "tests/core/pack/samples.h"

namespace tasuki {
namespace {

using testing::difference;
using ::testing::HasSubstr;
using testing::small_sample;

const FieldKindNames& kinds() {
  static const FieldKindNames names({"tasuki/image", "tasuki/label_map", "tasuki/depth",
                                     "tasuki/disparity", "tasuki/normals", "tasuki/mask"});
  return names;
}

Sample there_and_back(const Sample& sample) {
  return decode_sample(encode_sample(sample, kinds()), kinds());
}

TEST(PackedSample, ComesBackBitForBit) {
  Sample sample = testing::PlaneScene().sample();
  EXPECT_EQ(difference(there_and_back(sample), sample), "");
  sample.camera.reset();
  EXPECT_EQ(difference(there_and_back(sample), sample), "");
  sample.padding = {1, 2, 3, 4};
  sample.normalization = {{0.1F, 0.2F, 0.3F}, {4, 5, 6}};
  sample.original_size = {640, 481};
  sample.fields["depth"].file = "a/depth.png";
  auto& depth = sample.fields["depth"].value;
  depth.at<float>(3, 4) = std::numeric_limits<float>::quiet_NaN();
  depth.at<float>(3, 5) = -0.0F;
  EXPECT_EQ(difference(there_and_back(sample), sample), "");
}

TEST(PackedSample, TakesPartsOfLargerPixels) {
  Sample sample = testing::PlaneScene().sample();
  for (auto& [name, field] : sample.fields) field.value = field.value(cv::Rect(5, 3, 21, 17));
  EXPECT_EQ(difference(there_and_back(sample), sample), "");
}

TEST(PackedSample, OwnsItsPixels) {
  const Sample sample = small_sample(1);
  auto bytes = encode_sample(sample, kinds());
  const Sample decoded = decode_sample(bytes, kinds());
  std::fill(bytes.begin(), bytes.end(), 'x');
  EXPECT_EQ(difference(decoded, sample), "");
}

// Integers take the fewest bytes that hold all of them.
TEST(PackedSample, NarrowIntegersComeBackWide) {
  const auto bytes_with = [](int least, int most) {
    Sample sample = small_sample(1);
    cv::Mat value(8, 16, CV_32SC1, cv::Scalar(0));
    value.at<int>(3, 3) = least;
    value.at<int>(7, 15) = most;
    sample.fields["seg"].value = value;
    EXPECT_EQ(difference(there_and_back(sample), sample), "") << least << " to " << most;
    return int(encode_sample(sample, kinds()).size());
  };
  const int one = bytes_with(-1, 12);
  const auto near = [](int value, int expected) { return std::abs(value - expected) < 64; };
  EXPECT_EQ(bytes_with(-128, 127), one);
  EXPECT_TRUE(near(bytes_with(-129, 0), one + 128));
  EXPECT_TRUE(near(bytes_with(0, 128), one + 128));
  EXPECT_TRUE(near(bytes_with(-32768, 32767), one + 128));
  EXPECT_TRUE(near(bytes_with(0, 32768), one + 3 * 128));
  EXPECT_TRUE(near(bytes_with(INT32_MIN, INT32_MAX), one + 3 * 128));
}

TEST(PackedSample, BytesThatAreNoSampleAreAnError) {
  const auto bytes = encode_sample(testing::PlaneScene().sample(6, 8), kinds());
  for (size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_THROW(decode_sample(bytes.substr(0, length), kinds()), Error) << length;
  }
  try {
    decode_sample(bytes + "x", kinds());
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("there are bytes behind its pixels"));
  }
  cv::RNG random(1);
  for (int round = 0; round < 20000; ++round) {
    auto damaged = bytes;
    for (int i = 0; i <= round % 3; ++i) {
      damaged[size_t(random.uniform(0, int(damaged.size()) / 2))] = char(random.uniform(0, 256));
    }
    try {
      decode_sample(damaged, kinds());
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kData);
    }
  }
}

TEST(PackedSample, AFieldKindHasToBeKnown) {
  const FieldKindNames images({"tasuki/image"});
  EXPECT_THROW(encode_sample(small_sample(1), images), Error);
  try {
    decode_sample(encode_sample(small_sample(1), kinds()), images);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("no field is of kind \"tasuki/label_map\""));
  }
}

}  // namespace
}  // namespace tasuki
