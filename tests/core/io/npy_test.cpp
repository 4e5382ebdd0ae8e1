#include "tasuki/io/npy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <vector>

#include "tasuki/error/error.h"
#include "tasuki/io/files.h"
#include "tests/core/io/temporary_folder.h"

namespace tasuki {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::TemporaryFolder;

std::string file_of(const std::string& header, const std::string& data, char version = 1) {
  std::string bytes = "\x93NUMPY";
  bytes += {version, '\0'};
  const size_t length = header.size();
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i) bytes += char(length >> (8 * i) & 255);
  return bytes + header + data;
}

std::string header_of(const std::string& type, const std::string& shape, bool fortran = false) {
  return "{'descr': '" + type + "', 'fortran_order': " + (fortran ? "True" : "False") +
         ", 'shape': " + shape + ", }\n";
}

template <class T>
std::string raw(const std::vector<T>& values, bool swap = false) {
  std::string bytes;
  for (const T& value : values) {
    std::string word(reinterpret_cast<const char*>(&value), sizeof(T));
    if (swap) std::reverse(word.begin(), word.end());
    bytes += word;
  }
  return bytes;
}

class Npy : public ::testing::Test {
 protected:
  cv::Mat read(const std::string& bytes) {
    std::ofstream(folder_ / "a.npy", std::ios::binary) << bytes;
    return read_npy(folder_ / "a.npy");
  }
  std::string message(const std::string& bytes) {
    try {
      read(bytes);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kData);
      return error.what();
    }
    return "no error";
  }
  // 2 x 3 numbers 1..6 of a type.
  template <class T>
  void expect_numbers(const std::string& type, int depth) {
    for (const bool big : {false, true}) {
      const std::string name = (sizeof(T) == 1 ? "|" : big ? ">" : "<") + type;
      const cv::Mat value =
          read(file_of(header_of(name, "(2, 3)"), raw<T>({1, 2, 3, 4, 5, 6}, big)));
      ASSERT_EQ(value.depth(), depth) << name;
      ASSERT_EQ(value.size(), cv::Size(3, 2)) << name;
      cv::Mat doubles;
      value.convertTo(doubles, CV_64F);
      EXPECT_EQ(doubles.at<double>(0, 2), 3) << name;
      EXPECT_EQ(doubles.at<double>(1, 0), 4) << name;
    }
  }

  TemporaryFolder folder_;
};

TEST_F(Npy, ReadsEveryType) {
  expect_numbers<uint8_t>("u1", CV_8U);
  expect_numbers<int8_t>("i1", CV_8S);
  expect_numbers<uint16_t>("u2", CV_16U);
  expect_numbers<int16_t>("i2", CV_16S);
  expect_numbers<uint32_t>("u4", CV_32S);
  expect_numbers<int32_t>("i4", CV_32S);
  expect_numbers<uint64_t>("u8", CV_32S);
  expect_numbers<int64_t>("i8", CV_32S);
  expect_numbers<float>("f4", CV_32F);
  expect_numbers<double>("f8", CV_64F);
  const cv::Mat half = read(file_of(header_of("<f2", "(1, 2)"), raw<uint16_t>({0x3c00, 0xc100})));
  EXPECT_EQ(half.at<float>(0), 1);
  EXPECT_EQ(half.at<float>(1), -2.5);
}

TEST_F(Npy, ReadsVersions2And3AndKeysInAnyOrder) {
  const std::string header = "{\"shape\":(1,2), 'fortran_order':False,'descr':'|b1'}";
  for (const char version : {2, 3}) {
    EXPECT_EQ(read(file_of(header, std::string("\1\0", 2), version)).at<uchar>(0), 1);
  }
}

TEST_F(Npy, FortranOrderIsTheSameArray) {
  // Element (y, x, c) is 100 y + 10 x + c in both orders.
  std::vector<int32_t> c_order, fortran_order;
  for (int y = 0; y < 2; ++y)
    for (int x = 0; x < 3; ++x)
      for (int c = 0; c < 4; ++c) c_order.push_back(100 * y + 10 * x + c);
  for (int c = 0; c < 4; ++c)
    for (int x = 0; x < 3; ++x)
      for (int y = 0; y < 2; ++y) fortran_order.push_back(100 * y + 10 * x + c);
  const cv::Mat a = read(file_of(header_of("<i4", "(2, 3, 4)"), raw(c_order))).clone();
  const cv::Mat b = read(file_of(header_of("<i4", "(2, 3, 4)", true), raw(fortran_order)));
  ASSERT_EQ(a.type(), CV_32SC4);
  ASSERT_EQ(b.type(), CV_32SC4);
  EXPECT_EQ(a.at<cv::Vec4i>(1, 2)[3], 123);
  EXPECT_EQ(cv::norm(a, b, cv::NORM_INF), 0);
}

TEST_F(Npy, WhatIsWrittenIsRead) {
  cv::RNG random(4);
  for (const int type : {CV_8UC1, CV_8SC1, CV_16UC1, CV_16SC2, CV_32SC1, CV_32FC3, CV_64FC1}) {
    cv::Mat value(7, 5, type);
    random.fill(value, cv::RNG::UNIFORM, 0, 100);
    write_npy(folder_ / "b.npy", value);
    const cv::Mat back = read_npy(folder_ / "b.npy");
    ASSERT_EQ(back.type(), type);
    EXPECT_EQ(cv::norm(back.reshape(1), value.reshape(1), cv::NORM_INF), 0);
    write_npy(folder_ / "b.npy", value(cv::Rect(1, 2, 3, 4)));
    EXPECT_EQ(cv::norm(read_npy(folder_ / "b.npy").reshape(1),
                       value(cv::Rect(1, 2, 3, 4)).clone().reshape(1), cv::NORM_INF),
              0);
  }
  // NumPy wants data at a multiple of 64 bytes.
  const std::string bytes = read_file(folder_ / "b.npy");
  EXPECT_EQ((bytes.size() - 3 * 4 * sizeof(double)) % 64, 0u);
}

TEST_F(Npy, EveryTruncationIsAnError) {
  const std::string whole = file_of(header_of("<f4", "(2, 3)"), std::string(24, 'x'));
  ASSERT_NO_THROW(read(whole));
  for (size_t length = 0; length < whole.size(); ++length) {
    ASSERT_NE(message(whole.substr(0, length)), "no error") << length;
  }
  EXPECT_NE(message(whole + "x"), "no error");
}

TEST_F(Npy, NoDamagedByteCrashes) {
  const std::string whole = file_of(header_of("<f4", "(2, 3)"), std::string(24, 'x'));
  for (size_t at = 0; at < whole.size(); ++at) {
    for (const int value : {0, 0x27, 0x28, 0x39, 0x7f, 0xff}) {
      std::string damaged = whole;
      damaged[at] = char(value);
      message(damaged);  // an Error or an array; never anything else
    }
  }
}

TEST_F(Npy, ErrorsNameTheFileAndTheProblem) {
  const auto expect = [&](const std::string& bytes, const std::string& part) {
    EXPECT_THAT(message(bytes), AllOf(HasSubstr("a.npy: "), HasSubstr(part)));
  };
  const std::string data(24, 'x');
  expect("hello", "not a .npy file");
  expect(file_of(header_of("|O", "(2, 3)"), data), "arrays of type \"|O\" can't be read");
  expect(file_of(header_of("<f4", "(6,)"), data), "shape [6] where [H, W] or [H, W, C]");
  expect(file_of(header_of("<f4", "()"), data), "shape []");
  expect(file_of(header_of("<f4", "(0, 6)"), ""), "each size must be 1 to");
  expect(file_of(header_of("<f4", "(2, 3, 1000)"), data), "channels are last");
  expect(file_of(header_of("<f4", "(1000000, 1000000)"), data), "more than 2^31 values");
  expect(file_of(header_of("<f4", "(99999999999999999999, 1)"), data), "no whole number");
  expect(file_of(header_of("<f4", "(-2, 3)"), data), "no whole number");
  expect(file_of(header_of("<f4", "(2, 4)"), data), "truncated: 24 bytes of data");
  expect(file_of("{'descr': '<f4'}", data), "is missing");
  expect(file_of(header_of("<i8", "(1, 1)"), raw<int64_t>({int64_t{1} << 40})),
         "value 1099511627776 does not fit in 32 bits");
  expect(file_of(std::string(70000, ' '), data, 2), "a header of 70000 bytes");
}

TEST_F(Npy, MissingFile) {
  EXPECT_THROW(read_npy(folder_ / "nothing.npy"), Error);
  EXPECT_THROW(read_npy(folder_.path()), Error);
}

}  // namespace
}  // namespace tasuki
