#include "tasuki/report/picture.h"

#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>

#include "tasuki/error/error.h"
#include "tasuki/report/legend.h"
#include "tests/core/report/markup_reader.h"

namespace tasuki::report {
namespace {

std::vector<unsigned char> decode(const std::string& text) {
  const std::string letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::vector<unsigned char> bytes;
  uint32_t bits = 0;
  int held = 0;
  for (const char letter : text) {
    if (letter == '=') break;
    bits = bits << 6 | uint32_t(letters.find(letter));
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes.push_back((bits >> held) & 255);
  }
  return bytes;
}

std::string base64_of(const std::string& text) {
  return base64(std::vector<unsigned char>(text.begin(), text.end()));
}

// What a data: URI shows, through the second decoder above.
cv::Mat shown(const std::string& uri) {
  return cv::imdecode(decode(uri.substr(uri.find(',') + 1)), cv::IMREAD_COLOR);
}

cv::Mat blocks() {
  cv::Mat picture(24, 32, CV_8UC3, cv::Scalar(10, 20, 30));
  picture(cv::Rect(4, 4, 10, 10)) = cv::Scalar(200, 100, 0);
  return picture;
}

TEST(Base64, GivesTheExamplesOfItsDefinition) {  // RFC 4648, section 10
  EXPECT_EQ(base64_of(""), "");
  EXPECT_EQ(base64_of("f"), "Zg==");
  EXPECT_EQ(base64_of("fo"), "Zm8=");
  EXPECT_EQ(base64_of("foo"), "Zm9v");
  EXPECT_EQ(base64_of("foobar"), "Zm9vYmFy");
}

TEST(Base64, ComesBackForAllBytes) {
  std::vector<unsigned char> bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back((unsigned char)i);
  EXPECT_EQ(decode(base64(bytes)), bytes);
}

TEST(DataUri, ALabelMapIsExact) {
  const std::string uri = data_uri(blocks());
  EXPECT_EQ(uri.rfind("data:image/png;base64,", 0), 0u);
  EXPECT_EQ(cv::norm(shown(uri), blocks(), cv::NORM_INF), 0);
}

TEST(DataUri, APhotographIsAJpegThatLooksTheSame) {
  cv::Mat photograph(96, 128, CV_8UC3);
  cv::theRNG().state = 1;
  cv::randu(photograph, 100, 120);
  const std::string uri = data_uri(photograph);
  EXPECT_EQ(uri.rfind("data:image/jpeg;base64,", 0), 0u);
  EXPECT_LT(cv::norm(shown(uri), photograph, cv::NORM_L1) / double(photograph.total() * 3), 6);
}

TEST(Picture, IsDescribedAndEnlargesWithoutScript) {
  const MarkupReader reader(picture(blocks(), "label", "seg label of <a>").markup());
  EXPECT_EQ(reader.problem(), "");
  EXPECT_EQ(reader.count("img"), 1u);
  EXPECT_EQ(reader.count("input"), 1u);
  EXPECT_EQ(reader.count("script"), 0u);
}

TEST(Picture, OtherThanBgrIsAnErrorThatNamesIt) {
  for (const cv::Mat& wrong : {cv::Mat(), cv::Mat(2, 2, CV_32FC3), cv::Mat(2, 2, CV_8UC1)}) {
    try {
      picture(wrong, "label", "seg label of a");
      FAIL() << "no error";
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("seg label of a"), std::string::npos);
    }
  }
}

TEST(Legend, ColourMapsHaveTheirKnownEnds) {
  EXPECT_EQ(colormap_samples("gray", 2), (std::vector<cv::Vec3b>{{0, 0, 0}, {255, 255, 255}}));
  const auto viridis = colormap_samples("viridis", 3);
  EXPECT_LT(cv::norm(viridis[0], cv::Vec3b(84, 1, 68), cv::NORM_INF), 3);     // #440154
  EXPECT_LT(cv::norm(viridis[2], cv::Vec3b(37, 231, 253), cv::NORM_INF), 3);  // #fde725
  for (const auto& name : colormap_names()) EXPECT_EQ(colormap_samples(name, 17).size(), 17u);
}

TEST(Legend, AnUnknownColourMapNamesTheNearest) {
  try {
    legend(ColourBar{"depth", "m", 0, 1, "virids"});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("did you mean \"viridis\"?"), std::string::npos);
  }
}

}  // namespace
}  // namespace tasuki::report
