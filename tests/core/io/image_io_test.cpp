#include "tasuki/io/image_io.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <opencv2/imgcodecs.hpp>

#include "tasuki/error/error.h"
#include "tasuki/io/files.h"
#include "tests/core/io/picture_files.h"
#include "tests/core/io/temporary_folder.h"

namespace tasuki {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::png_chunk;
using testing::TemporaryFolder;
using ::testing::ThrowsMessage;

cv::Mat noise(int type) {
  cv::Mat value(20, 30, type);
  cv::RNG random(2);
  random.fill(value, cv::RNG::UNIFORM, 0, CV_MAT_DEPTH(type) == CV_16U ? 65536 : 256);
  return value;
}

class ImageIo : public ::testing::Test {
 protected:
  std::string message(const std::string& name, const std::string& bytes) {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
    try {
      read_image(folder_ / name);
      read_stored_values(folder_ / name, {}, Lossy::kTaken);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }
  TemporaryFolder folder_;
};

TEST_F(ImageIo, KeepsStoredValues) {
  for (const int type : {CV_8UC1, CV_16UC1, CV_8UC3, CV_16UC3}) {
    write_image(folder_ / "a.png", noise(type));
    const cv::Mat back = read_stored_values(folder_ / "a.png");
    ASSERT_EQ(back.type(), type);
    EXPECT_EQ(cv::norm(back, noise(type), cv::NORM_INF), 0);
  }
  EXPECT_EQ(read_image(folder_ / "a.png").type(), CV_8UC3);
}

TEST_F(ImageIo, ReadsAnyFormatOfOpenCv) {
  write_image(folder_ / "a.bmp", noise(CV_8UC3));
  EXPECT_EQ(cv::norm(read_image(folder_ / "a.bmp"), noise(CV_8UC3), cv::NORM_INF), 0);
  EXPECT_THROW(write_image(folder_ / "a.unknown", noise(CV_8UC3)), Error);
}

// OpenCV's reader of DICOM ends the process on a damaged file, whatever the file's name.
TEST_F(ImageIo, DicomIsRefused) {
  const std::string damaged = std::string(128, '\x1b') + "DICM" + std::string(4, '\x60');
  EXPECT_THAT(message("a.png", damaged), AllOf(HasSubstr("a.png"), HasSubstr("is a DICOM file")));
  write_image(folder_ / "grey.png", cv::Mat(8, 8, CV_8UC1, cv::Scalar(3)));
  std::string png = read_file(folder_ / "grey.png");
  png.resize(std::max<size_t>(png.size(), 128), 'x');
  EXPECT_EQ(message("b.png", png.substr(0, 128) + "DICM"), "no error");
}

TEST_F(ImageIo, EveryTruncationIsAnError) {
  for (const std::string name : {"a.png", "a.jpg"}) {
    write_image(folder_ / name, noise(CV_8UC3));
    const std::string whole = read_file(folder_ / name);
    ASSERT_EQ(message(name, whole), "no error");
    for (size_t length = 0; length < whole.size(); length += 1 + length / 16) {
      ASSERT_THAT(message(name, whole.substr(0, length)), HasSubstr(name + ": ")) << length;
    }
    EXPECT_THAT(message(name, whole.substr(0, whole.size() - 1)), HasSubstr("truncated"));
    EXPECT_EQ(message(name, whole + "trailing bytes"), "no error");
  }
}

TEST_F(ImageIo, TheWhiteLevelBecomes255) {
  cv::Mat twelve(2, 3, CV_16UC3, cv::Scalar(0, 2048, 4095));
  for (const char* name : {"a.png", "a.tif"}) {
    write_image(folder_ / name, twelve);
    EXPECT_LE(read_image(folder_ / name).at<cv::Vec3b>(1, 1)[2], 16) << name;
    EXPECT_EQ(read_image(folder_ / name, {false, 4095}).at<cv::Vec3b>(1, 1), cv::Vec3b(0, 128, 255))
        << name;
    EXPECT_THAT(
        [&] {
          read_image(folder_ / name, {false, 4000});
        },
        ThrowsMessage<Error>(AllOf(HasSubstr(std::string(name) + ": has a colour at (x 0, y 0)"),
                                   HasSubstr("not 0 to data.image.white_level"))));
  }
  write_image(folder_ / "grey.png", cv::Mat(2, 3, CV_16UC1, cv::Scalar(1023)));
  EXPECT_EQ(read_image(folder_ / "grey.png", {false, 1023}).at<cv::Vec3b>(0, 0),
            cv::Vec3b(255, 255, 255));
  write_image(folder_ / "eight.png", cv::Mat(2, 3, CV_8UC4, cv::Scalar(0, 10, 100, 50)));
  EXPECT_EQ(read_image(folder_ / "eight.png", {false, 100}).at<cv::Vec3b>(0, 0),
            cv::Vec3b(0, 26, 255));
}

TEST_F(ImageIo, FloatingPointImagesNeedAWhiteLevel) {
  // OpenCV writes three channels as logarithms, of which it reads floating-point numbers.
  for (const int type : {CV_32FC1, CV_32FC3}) {
    write_image(folder_ / "a.tif", cv::Mat(2, 3, type, cv::Scalar::all(1)));
    EXPECT_THAT([&] { read_image(folder_ / "a.tif"); },
                ThrowsMessage<Error>(AllOf(HasSubstr("a.tif: holds floating-point numbers"),
                                           HasSubstr("data.image.white_level"))));
    EXPECT_NEAR(read_image(folder_ / "a.tif", {false, 2}).at<cv::Vec3b>(1, 2)[1], 128, 1);
  }
  for (const float wrong : {-0.1f, 1.1f, std::nanf("")}) {
    write_image(folder_ / "a.tif", cv::Mat(2, 3, CV_32FC1, cv::Scalar(wrong)));
    EXPECT_THAT(
        [&] {
          read_image(folder_ / "a.tif", {false, 1});
        },
        ThrowsMessage<Error>(HasSubstr("not 0 to data.image.white_level")));
  }
}

// OpenCV takes -128 for 128.
TEST_F(ImageIo, SignedImagesAreErrors) {
  const auto expect_error = [&](int bits) {
    write_file_atomically(folder_ / "a.tif",
                          testing::tiff_picture(4, 2, 1, bits, 2, std::string(size_t(bits), 'x')));
    EXPECT_THAT([&] { read_image(folder_ / "a.tif"); },
                ThrowsMessage<Error>(HasSubstr("a.tif: holds signed numbers")));
    EXPECT_THAT(
        [&] {
          read_image(folder_ / "a.tif", {false, 9});
        },
        ThrowsMessage<Error>(HasSubstr("a.tif: holds signed numbers")));
    EXPECT_NO_THROW(read_stored_values(folder_ / "a.tif"));
  };
  expect_error(8);
  expect_error(16);
}

TEST_F(ImageIo, PicturesOfMoreThanFourChannelsSaySo) {
  write_file_atomically(folder_ / "a.tif",
                        testing::tiff_picture(4, 2, 5, 8, 1, std::string(40, 'x')));
  EXPECT_THAT([&] { read_image(folder_ / "a.tif"); },
              ThrowsMessage<Error>(HasSubstr("a.tif: has 5 channels, and at most 4")));
}

// By what is in the file, whatever its name.
TEST_F(ImageIo, WhatWasCompressedWithLossesIsNoLabel) {
  cv::Mat grey = noise(CV_8UC1);
  const auto encoded = [&](const char* ending, const std::vector<int>& settings = {}) {
    std::vector<uchar> bytes;
    cv::imencode(ending, grey, bytes, settings);
    write_file_atomically(folder_ / "label.png",
                          {reinterpret_cast<char*>(bytes.data()), bytes.size()});
    try {
      read_stored_values(folder_ / "label.png");
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  const auto refused = [](const char* format) {
    return AllOf(HasSubstr("label.png: is compressed with losses (" + std::string(format) + ")"),
                 HasSubstr("store labels as PNG"));
  };
  EXPECT_THAT(encoded(".jpg", {cv::IMWRITE_JPEG_QUALITY, 100}), refused("JPEG"));
  EXPECT_NO_THROW(read_image(folder_ / "label.png"));
  EXPECT_NO_THROW(read_stored_values(folder_ / "label.png", {}, Lossy::kTaken));
  EXPECT_THAT(encoded(".webp", {cv::IMWRITE_WEBP_QUALITY, 90}), refused("WebP"));
  EXPECT_EQ(encoded(".webp", {cv::IMWRITE_WEBP_QUALITY, 101}), "no error");  // lossless
  EXPECT_THAT(encoded(".tif", {cv::IMWRITE_TIFF_COMPRESSION, 7}), refused("TIFF"));
  EXPECT_EQ(encoded(".tif", {cv::IMWRITE_TIFF_COMPRESSION, 5}), "no error");
  EXPECT_EQ(encoded(".bmp"), "no error");
}

TEST_F(ImageIo, EndOfAThumbnailIsNotTheEndOfThePicture) {
  write_image(folder_ / "a.jpg", noise(CV_8UC3));
  std::string bytes = read_file(folder_ / "a.jpg");
  // An application segment whose data hold a whole JPEG, end marker and all.
  const std::string thumbnail = bytes;
  const size_t length = thumbnail.size() + 2;
  std::string segment("\xff\xe5", 2);
  segment += {char(length >> 8), char(length & 255)};
  bytes.insert(2, segment + thumbnail);
  EXPECT_EQ(message("b.jpg", bytes), "no error");
  EXPECT_THAT(message("b.jpg", bytes.substr(0, bytes.size() - 40)), HasSubstr("truncated"));
}

TEST_F(ImageIo, WhatIsNoPictureIsAnError) {
  EXPECT_THAT(message("a.png", "hello"), AllOf(HasSubstr("a.png: "), HasSubstr("not a picture")));
  EXPECT_THAT(message("a.png", ""), HasSubstr("a.png: "));
  EXPECT_THROW(read_image(folder_ / "missing.png"), Error);
}

TEST_F(ImageIo, APaletteGivesItsIndices) {
  // A grey PNG turned into one with a palette, which would paint index i in another colour.
  write_image(folder_ / "grey.png", noise(CV_8UC1));
  std::string bytes = read_file(folder_ / "grey.png");
  std::string header = bytes.substr(16, 13);
  header[9] = 3;
  std::string palette;
  for (int i = 0; i < 256; ++i) palette += {char(255 - i), char(i / 2), char(7 * i)};
  bytes = bytes.substr(0, 8) + png_chunk("IHDR", header) + png_chunk("PLTE", palette) +
          png_chunk("tRNS", "\x10\x20") + bytes.substr(33);
  write_file_atomically(folder_ / "palette.png", bytes);
  ASSERT_EQ(cv::imread((folder_ / "palette.png").string(), cv::IMREAD_COLOR).channels(), 3);
  const cv::Mat indices = read_stored_values(folder_ / "palette.png");
  ASSERT_EQ(indices.type(), CV_8UC1);
  EXPECT_EQ(cv::norm(indices, noise(CV_8UC1), cv::NORM_INF), 0);
}

// OpenCV makes four channels of it.
TEST_F(ImageIo, GreyWithAlphaHasTwoChannels) {
  cv::Mat grey = noise(CV_8UC1), bgra, alpha(20, 30, CV_8UC1, cv::Scalar(255));
  cv::merge(std::vector<cv::Mat>{grey, alpha}, bgra);
  const std::string pixels(bgra.datastart, bgra.dataend);
  std::string rows;
  for (int y = 0; y < 20; ++y) rows += '\0' + pixels.substr(size_t(y) * 60, 60);
  write_file_atomically(folder_ / "la.png", testing::png_of_rows(30, 20, 8, 4, rows));
  const cv::Mat stored = read_stored_values(folder_ / "la.png");
  ASSERT_EQ(stored.type(), CV_8UC2);
  EXPECT_EQ(cv::norm(stored, bgra, cv::NORM_INF), 0);
}

// libpng makes 0 and 255 of one bit, which would be another class.
TEST_F(ImageIo, GreyOfFewBitsGivesItsValues) {
  cv::Mat bits(5, 9, CV_8UC1, cv::Scalar(0));
  bits.at<uchar>(2, 7) = 255;
  ASSERT_TRUE(cv::imwrite((folder_ / "bits.png").string(), bits, {cv::IMWRITE_PNG_BILEVEL, 1}));
  const cv::Mat stored = read_stored_values(folder_ / "bits.png");
  EXPECT_EQ(stored.at<uchar>(2, 7), 1);
  EXPECT_EQ(cv::countNonZero(stored), 1);
  EXPECT_EQ(read_image(folder_ / "bits.png").at<cv::Vec3b>(2, 7), cv::Vec3b(255, 255, 255));
}

// The header of a picture with a palette is changed on its way to libpng, which checks no more than
// what it gets.
TEST_F(ImageIo, ADamagedHeaderIsAnErrorBehindAPaletteToo) {
  write_image(folder_ / "a.png", noise(CV_8UC1));
  std::string bytes = read_file(folder_ / "a.png");
  std::string header = bytes.substr(16, 13);
  header[9] = 3;
  std::string damaged = png_chunk("IHDR", header);
  damaged[8 + 7] = 19;  // rows
  bytes = bytes.substr(0, 8) + damaged + png_chunk("PLTE", "abc") + bytes.substr(33);
  write_file_atomically(folder_ / "a.png", bytes);
  EXPECT_THAT([&] { read_stored_values(folder_ / "a.png"); },
              ThrowsMessage<Error>(HasSubstr("a.png: damaged: the checksum of its header")));
}

TEST_F(ImageIo, FewerBitsAreIndicesToo) {
  cv::Mat bits = noise(CV_8UC1);
  bits = bits > 127;
  std::vector<int> one_bit = {cv::IMWRITE_PNG_BILEVEL, 1};
  cv::imwrite((folder_ / "bits.png").string(), bits, one_bit);
  std::string bytes = read_file(folder_ / "bits.png");
  std::string header = bytes.substr(16, 13);
  ASSERT_EQ(header[8], 1);
  header[9] = 3;
  bytes = bytes.substr(0, 8) + png_chunk("IHDR", header) + png_chunk("PLTE", "abcdef") +
          bytes.substr(33);
  write_file_atomically(folder_ / "bits.png", bytes);
  const cv::Mat indices = read_stored_values(folder_ / "bits.png");
  EXPECT_EQ(cv::norm(indices, bits / 255, cv::NORM_INF), 0);
}

}  // namespace
}  // namespace tasuki
