#include "tasuki/io/jpeg_damage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>

#include "tasuki/io/files.h"
#include "tasuki/io/image_io.h"
#include "tests/core/io/temporary_folder.h"

namespace tasuki {
namespace {

using ::testing::HasSubstr;

class JpegDamage : public ::testing::Test {
 protected:
  JpegDamage() {
    cv::Mat picture(97, 131, CV_8UC3);
    cv::RNG(4).fill(picture, cv::RNG::UNIFORM, 0, 256);
    for (const char* name : {"a.jpg", "a.png"}) write_image(folder_ / name, picture);
  }
  std::string damage_of(const std::string& bytes) const {
    write_file_atomically(folder_ / "b.jpg", bytes);
    return jpeg_damage(folder_ / "b.jpg");
  }

  const testing::TemporaryFolder folder_;
};

TEST_F(JpegDamage, SoundFilesAndOtherFormatsHaveNone) {
  EXPECT_EQ(jpeg_damage(folder_ / "a.jpg"), "");
  EXPECT_EQ(jpeg_damage(folder_ / "a.png"), "");
  EXPECT_EQ(damage_of(""), "");
}

// Each of them is a picture to OpenCV.
TEST_F(JpegDamage, IsFoundWhereOpenCvShowsAPicture) {
  const auto bytes = read_file(folder_ / "a.jpg");
  auto zeroed = bytes, cut = bytes.substr(0, bytes.size() / 2) + "\xff\xd9";
  zeroed.replace(bytes.size() / 2, 600, std::string(600, '\0'));
  auto without = bytes;
  without.erase(bytes.size() / 2, 500);
  for (const auto& damaged : {zeroed, cut, without}) {
    EXPECT_NE(damage_of(damaged), "");
    EXPECT_EQ(read_image(folder_ / "b.jpg").cols, 131);
  }
  EXPECT_THAT(damage_of(cut), HasSubstr("premature end"));
}

TEST_F(JpegDamage, WhatCanNotBeDecodedSaysWhy) {
  EXPECT_NE(damage_of("\xff\xd8\xff"), "");
  EXPECT_NE(damage_of(read_file(folder_ / "a.jpg").substr(0, 200)), "");
}

}  // namespace
}  // namespace tasuki
