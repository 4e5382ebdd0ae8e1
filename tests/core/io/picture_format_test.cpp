#include "tasuki/io/picture_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>

#include "tasuki/error/error.h"
#include "tasuki/io/files.h"
#include "tasuki/io/image_io.h"
#include "tests/core/io/picture_files.h"
#include "tests/core/io/temporary_folder.h"

namespace tasuki {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

std::string encoded(const char* ending, const cv::Mat& picture,
                    const std::vector<int>& settings = {}) {
  std::vector<uchar> bytes;
  cv::imencode(ending, picture, bytes, settings);
  return {bytes.begin(), bytes.end()};
}

// Stored 6 wide and 4 high; each pixel is 10 row + column.
cv::Mat numbered() {
  cv::Mat picture(4, 6, CV_8UC1);
  for (int y = 0; y < 4; ++y) {
    for (int x = 0; x < 6; ++x) picture.at<uchar>(y, x) = static_cast<uchar>(10 * y + x);
  }
  return picture;
}

cv::Mat noisy() {
  cv::Mat picture(64, 64, CV_8UC1);
  cv::RNG(3).fill(picture, cv::RNG::UNIFORM, 0, 256);
  return picture;
}

struct Corner {
  int orientation;
  cv::Size shown;
  int top_left, top_right;  // stored pixels that are seen there
};
// By EXIF 2.32: "the 0th row is at the visual top, the 0th column at the visual left" and so on.
const std::vector<Corner> kCorners = {{1, {6, 4}, 0, 5},   {2, {6, 4}, 5, 0},  {3, {6, 4}, 35, 30},
                                      {4, {6, 4}, 30, 35}, {5, {4, 6}, 0, 30}, {6, {4, 6}, 30, 0},
                                      {7, {4, 6}, 35, 5},  {8, {4, 6}, 5, 35}};

class Orientation : public ::testing::Test {
 protected:
  void expect_corners(const std::string& name, const Corner& corner) const {
    const cv::Mat stored = read_stored_values(folder_ / name);
    ASSERT_EQ(stored.size(), corner.shown) << name << corner.orientation;
    EXPECT_EQ(stored.at<uchar>(0, 0), corner.top_left) << name << corner.orientation;
    EXPECT_EQ(stored.at<uchar>(0, stored.cols - 1), corner.top_right) << name << corner.orientation;
    EXPECT_EQ(read_image(folder_ / name).at<cv::Vec3b>(0, 0)[1], corner.top_left) << name;
    const ImageReading as_stored{true};
    EXPECT_EQ(cv::norm(read_stored_values(folder_ / name, as_stored), numbered(), cv::NORM_INF), 0);
    EXPECT_EQ(read_image(folder_ / name, as_stored).size(), cv::Size(6, 4)) << name;
    EXPECT_EQ(read_picture_header(folder_ / name).orientation, corner.orientation) << name;
  }
  void write(const std::string& name, const std::string& bytes) const {
    write_file_atomically(folder_ / name, bytes);
  }

  const testing::TemporaryFolder folder_;
};

TEST_F(Orientation, PngFilesAreReadAsViewersShowThem) {
  for (const auto& corner : kCorners) {
    for (const bool little : {true, false}) {
      const auto exif = testing::exif_data(corner.orientation, little);
      write("a.png", testing::png_with_exif(encoded(".png", numbered()), exif));
      expect_corners("a.png", corner);
    }
  }
}

// OpenCV applies a TIFF's tag whatever it is asked for.
TEST_F(Orientation, TiffFilesAreReadAsViewersShowThem) {
  const cv::Mat stored = numbered();
  const std::string pixels(stored.datastart, stored.dataend);
  for (const auto& corner : kCorners) {
    write("a.tif", testing::tiff_picture(6, 4, 1, 8, 1, pixels,
                                         {{274, {static_cast<uint16_t>(corner.orientation)}}}));
    expect_corners("a.tif", corner);
  }
}

TEST_F(Orientation, JpegFilesAreReadAsViewersShowThem) {
  // Left half dark, right half light; JPEG changes values, and this little of them.
  cv::Mat picture(32, 64, CV_8UC3, cv::Scalar::all(20));
  picture(cv::Rect(32, 0, 32, 32)).setTo(cv::Scalar::all(220));
  const auto jpeg = encoded(".jpg", picture);
  for (const auto& [orientation, size, x, y] :
       std::vector<std::tuple<int, cv::Size, int, int>>{{1, {64, 32}, 60, 4},
                                                        {2, {64, 32}, 4, 4},
                                                        {3, {64, 32}, 4, 28},
                                                        {6, {32, 64}, 4, 60},
                                                        {8, {32, 64}, 4, 4}}) {
    write("a.jpg", testing::jpeg_with_exif(jpeg, testing::exif_data(orientation)));
    const cv::Mat seen = read_image(folder_ / "a.jpg");
    ASSERT_EQ(seen.size(), size) << orientation;
    EXPECT_GT(seen.at<cv::Vec3b>(y, x)[0], 150) << orientation;
    EXPECT_LT(seen.at<cv::Vec3b>(size.height - 1 - y, size.width - 1 - x)[0], 90) << orientation;
    EXPECT_EQ(cv::norm(read_image(folder_ / "a.jpg", {true}),
                       cv::imread((folder_ / "a.jpg").string(), 129), cv::NORM_INF),
              0);
  }
}

TEST_F(Orientation, DamagedDataAskForNothing) {
  for (const auto& exif :
       {std::string(), std::string("II*"), std::string("MM\0\x2a\xff\xff\xff\xff", 8),
        testing::exif_data(0), testing::exif_data(9), testing::exif_data(6).substr(0, 17)}) {
    write("a.png", testing::png_with_exif(encoded(".png", numbered()), exif));
    EXPECT_EQ(read_stored_values(folder_ / "a.png").size(), cv::Size(6, 4));
    EXPECT_EQ(read_picture_header(folder_ / "a.png").orientation, 1);
  }
}

TEST_F(Orientation, AMismatchThatItExplainsNamesIt) {
  write("a.png", testing::png_with_exif(encoded(".png", numbered()), testing::exif_data(6)));
  EXPECT_THAT(explain_orientation(folder_ / "a.png", {4, 6}),
              AllOf(HasSubstr("a.png is turned by 90 degrees"), HasSubstr("(6)"),
                    HasSubstr("data.image.ignore_orientation: true")));
  EXPECT_THAT(explain_orientation(folder_ / "a.png", {6, 4}),
              HasSubstr("data.image.ignore_orientation leaves out the turn"));
  write("b.png", testing::png_with_exif(encoded(".png", numbered()), testing::exif_data(3)));
  EXPECT_EQ(explain_orientation(folder_ / "b.png", {6, 4}), "");
  EXPECT_EQ(explain_orientation(folder_ / "missing.png", {6, 4}), "");
}

TEST(PictureHeader, SaysWhatIsStored) {
  const auto png = picture_header(encoded(".png", cv::Mat(4, 6, CV_16UC3, cv::Scalar::all(7))));
  EXPECT_EQ(png.width, 6u);
  EXPECT_EQ(png.height, 4u);
  EXPECT_EQ(png.channels, 3);
  EXPECT_EQ(png.bits, 16);
  EXPECT_FALSE(png.lossy);
  const auto jpeg = picture_header(encoded(".jpg", numbered()));
  EXPECT_EQ(jpeg.width, 6u);
  EXPECT_EQ(jpeg.height, 4u);
  EXPECT_EQ(jpeg.channels, 1);
  EXPECT_EQ(jpeg.bits, 8);
  EXPECT_TRUE(jpeg.lossy);
  const auto bmp = picture_header(encoded(".bmp", numbered()));
  EXPECT_EQ(bmp.width, 6u);
  EXPECT_EQ(bmp.height, 4u);
  const auto tiff = picture_header(testing::tiff_picture(6, 4, 5, 16, 2, std::string(240, 'x')));
  EXPECT_EQ(tiff.width, 6u);
  EXPECT_EQ(tiff.height, 4u);
  EXPECT_EQ(tiff.channels, 5);
  EXPECT_EQ(tiff.bits, 16);
  EXPECT_EQ(tiff.numbers, PictureHeader::Numbers::kSigned);
  EXPECT_EQ(picture_header("hello").width, 0u);
  EXPECT_EQ(picture_header("").width, 0u);
}

TEST(PictureHeader, KnowsTheIrreversibleTransformOfJpeg2000) {
  auto bytes = encoded(".jp2", noisy());
  const size_t coding_style = bytes.find("\xff\x52");
  ASSERT_NE(coding_style, std::string::npos);
  EXPECT_EQ(picture_header(bytes).width, 64u);
  EXPECT_FALSE(picture_header(bytes).lossy);
  bytes[coding_style + 4 + 9] = 0;
  EXPECT_TRUE(picture_header(bytes).lossy);
}

TEST(PictureHeader, NoTruncationAndNoDamagedByteCrashes) {
  for (const auto& whole :
       {encoded(".png", numbered()), encoded(".jpg", numbered()), encoded(".bmp", numbered()),
        encoded(".webp", numbered()), testing::exif_data(6, false),
        testing::jpeg_with_exif(encoded(".jpg", numbered()), testing::exif_data(6))}) {
    for (size_t at = 0; at < whole.size(); ++at) {
      picture_header(whole.substr(0, at));
      for (const int value : {0, 0x2b, 0x7f, 0xff}) {
        std::string damaged = whole;
        damaged[at] = char(value);
        picture_header(damaged);
      }
    }
  }
}

// OpenCV alone would ask for 3 GiB.
TEST(PictureHeader, PicturesOfTooManyPixelsAreRefusedBeforeTheyAreDecoded) {
  const testing::TemporaryFolder folder;
  std::string bytes = encoded(".bmp", numbered());
  bytes.replace(18, 4, testing::number_bytes(20000, 4, true));
  bytes.replace(22, 4, testing::number_bytes(20000, 4, true));
  write_file_atomically(folder / "a.bmp", bytes);
  EXPECT_THAT([&] { read_image(folder / "a.bmp"); },
              ThrowsMessage<Error>(AllOf(HasSubstr("a.bmp: has 20000x20000 pixels"),
                                         HasSubstr("more than the limit of 2^28"))));
}

}  // namespace
}  // namespace tasuki
