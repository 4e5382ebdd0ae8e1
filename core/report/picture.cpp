#include "tasuki/report/picture.h"

#include <opencv2/imgcodecs.hpp>
#include <set>
#include <vector>

#include "tasuki/error/error.h"

namespace tasuki::report {
namespace {

constexpr size_t kPaletteColours = 256;
constexpr int kJpegQuality = 92;

bool has_few_colours(const cv::Mat& bgr) {
  std::set<uint32_t> colours;
  for (auto pixel = bgr.begin<cv::Vec3b>(); pixel != bgr.end<cv::Vec3b>(); ++pixel) {
    colours.insert(uint32_t((*pixel)[0]) << 16 | uint32_t((*pixel)[1]) << 8 | (*pixel)[2]);
    if (colours.size() > kPaletteColours) return false;
  }
  return true;
}

std::vector<unsigned char> encode(const cv::Mat& bgr, const char* extension,
                                  const std::vector<int>& settings) {
  std::vector<unsigned char> bytes;
  cv::imencode(extension, bgr, bytes, settings);
  return bytes;
}

}  // namespace

std::string base64(const std::vector<unsigned char>& bytes) {
  constexpr char kLetters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t count = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t j = 0; j < 3; ++j) group = group << 8 | (j < count ? bytes[i + j] : 0u);
    for (size_t j = 0; j < 4; ++j) {
      text += j <= count ? kLetters[group >> (18 - 6 * j) & 63] : '=';
    }
  }
  return text;
}

std::string data_uri(const cv::Mat& bgr) {
  const auto png = encode(bgr, ".png", {cv::IMWRITE_PNG_COMPRESSION, 9});
  if (has_few_colours(bgr)) return "data:image/png;base64," + base64(png);
  const auto jpeg = encode(bgr, ".jpg", {cv::IMWRITE_JPEG_QUALITY, kJpegQuality});
  if (png.size() <= jpeg.size()) return "data:image/png;base64," + base64(png);
  return "data:image/jpeg;base64," + base64(jpeg);
}

Html picture(const cv::Mat& bgr, const std::string& caption, const std::string& described) {
  if (bgr.empty() || bgr.type() != CV_8UC3) {
    throw Error(ErrorKind::kRun, "report: picture \"" + described + "\": " +
                                     (bgr.empty() ? "empty" : cv::typeToString(bgr.type())) +
                                     " where a BGR picture (CV_8UC3) is expected");
  }
  const Html box =
      element("input", {{"type", "checkbox"}, {"aria-label", "Enlarge: " + described}});
  const Html image = element("img", {{"src", data_uri(bgr)},
                                     {"width", std::to_string(bgr.cols)},
                                     {"height", std::to_string(bgr.rows)},
                                     {"alt", described}});
  return element("div", {{"class", "picture"}},
                 element("label", {{"class", "zoom"}}, box + image) + element("span", {}, caption));
}

}  // namespace tasuki::report
