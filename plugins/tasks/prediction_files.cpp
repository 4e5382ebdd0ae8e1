#include "plugins/tasks/prediction_files.h"

#include <cmath>
#include <string>
#include <system_error>

#include "tasuki/error/error.h"
#include "tasuki/io/image_io.h"
#include "tasuki/io/npy.h"

namespace tasuki::tasks {
namespace {

using Path = std::filesystem::path;

constexpr double kMillimetres = 1000;
constexpr double kDisparitySteps = 256;
constexpr float kShortestStored = 0.02f;  // the longest grey of an 8-bit picture is 0.007

struct Stored {
  Path path;
  cv::Mat value;
  bool is_npy() const { return path.extension() == ".npy"; }
};

// An id may contain dots, so the suffix is added, never exchanged.
Path with_suffix(const Path& stem, const char* suffix) {
  Path path = stem;
  path += suffix;
  return path;
}

Stored read_stored(const Path& stem) {
  const Path npy = with_suffix(stem, ".npy"), png = with_suffix(stem, ".png");
  std::error_code missing;
  if (std::filesystem::exists(npy, missing)) return {npy, read_npy(npy)};
  if (std::filesystem::exists(png, missing)) return {png, read_stored_values(png)};
  throw Error(ErrorKind::kData, "no prediction: looked for " + npy.string() + " and " +
                                    png.string() + ", and neither is there");
}

[[noreturn]] void refuse(const Stored& stored, const std::string& problem) {
  throw Error(ErrorKind::kData, stored.path.string() + ": " + problem);
}

// "uint16, 3 channels".
std::string type_text(const cv::Mat& value) {
  static const char* const kNames[] = {"uint8", "int8",    "uint16",  "int16",
                                       "int32", "float32", "float64", "float16"};
  return std::string(kNames[value.depth()]) + ", " + std::to_string(value.channels()) +
         (value.channels() == 1 ? " channel" : " channels");
}

void require_type(const Stored& stored, bool holds, const std::string& wanted) {
  if (!holds) refuse(stored, "holds " + type_text(stored.value) + "; wanted: " + wanted);
}

std::string pixel_text(cv::Point at) {
  return "(x " + std::to_string(at.x) + ", y " + std::to_string(at.y) + ")";
}

void require_finite(const cv::Mat& value, const std::string& where) {
  cv::Point at;
  if (cv::checkRange(value, /*quiet=*/true, &at)) return;
  throw Error(ErrorKind::kData, where + ": prediction is not finite at " + pixel_text(at));
}

// The finite float values of a .npy file as CV_32F.
cv::Mat float_values(const Stored& stored, int channels, const std::string& wanted) {
  const int depth = stored.value.depth();
  require_type(stored, stored.value.channels() == channels && (depth == CV_32F || depth == CV_64F),
               wanted);
  cv::Mat value;
  stored.value.convertTo(value, CV_32F);
  require_finite(value, stored.path.string());
  return value;
}

std::vector<Path> write_both(const cv::Mat& value, const cv::Mat& picture, const Path& stem) {
  const Path npy = with_suffix(stem, ".npy"), png = with_suffix(stem, ".png");
  write_npy(npy, value);
  write_image(png, picture);
  return {npy, png};
}

cv::Vec3f unit_or_zero(const cv::Vec3f& v) {
  const double length = cv::norm(v);
  return length < kShortestStored ? cv::Vec3f() : cv::Vec3f(v * (1 / length));
}

void normalise(cv::Mat& normals) {
  for (int y = 0; y < normals.rows; ++y) {
    auto* row = normals.ptr<cv::Vec3f>(y);
    for (int x = 0; x < normals.cols; ++x) row[x] = unit_or_zero(row[x]);
  }
}

// Exchanges x and z: OpenCV's pictures are BGR, normals x, y, z stand in RGB.
cv::Mat reversed_channels(const cv::Mat& value) {
  cv::Mat result(value.size(), value.type());
  const int from_to[] = {0, 2, 1, 1, 2, 0};
  cv::mixChannels(&value, 1, &result, 1, from_to, 3);
  return result;
}

}  // namespace

cv::Mat read_classes(const Path& stem, int classes) {
  const Stored stored = read_stored(stem);
  const int depth = stored.value.depth();
  const bool integer = depth == CV_8U || depth == CV_16U ||
                       (stored.is_npy() && (depth == CV_8S || depth == CV_16S || depth == CV_32S));
  require_type(stored, integer && stored.value.channels() == 1,
               "one channel of class indices, any integers in a .npy file, 8 or 16 bit in a .png "
               "file (not the coloured picture)");
  cv::Mat value;
  stored.value.convertTo(value, CV_32S);
  double least = 0, most = 0;
  cv::Point least_at, most_at;
  cv::minMaxLoc(value, &least, &most, &least_at, &most_at);
  if (least < 0 || most >= classes) {
    const bool low = least < 0;
    refuse(stored, "class " + std::to_string(static_cast<int>(low ? least : most)) + " at " +
                       pixel_text(low ? least_at : most_at) + " is out of range: classes are 0.." +
                       std::to_string(classes - 1) + ", and every pixel must have one");
  }
  return value;
}

std::vector<Path> write_classes(const cv::Mat& prediction, const Path& stem, int classes) {
  cv::Mat picture;
  prediction.convertTo(picture, classes > 255 ? CV_16U : CV_8U);
  const Path png = with_suffix(stem, ".png");
  write_image(png, picture);
  return {png};
}

cv::Mat read_depth(const Path& stem) {
  const Stored stored = read_stored(stem);
  if (stored.is_npy()) return float_values(stored, 1, "[H, W] of floats, metres");
  require_type(stored, stored.value.type() == CV_16UC1, "16 bit, one channel, millimetres");
  cv::Mat value;
  stored.value.convertTo(value, CV_32F, 1 / kMillimetres);
  return value;
}

std::vector<Path> write_depth(const cv::Mat& prediction, const Path& stem) {
  require_finite(prediction, stem.string());
  cv::Mat picture;
  prediction.convertTo(picture, CV_16U, kMillimetres);
  return write_both(prediction, picture, stem);
}

cv::Mat read_disparity(const Path& stem) {
  const Stored stored = read_stored(stem);
  if (stored.is_npy()) return float_values(stored, 1, "[H, W] of floats, pixels");
  require_type(stored, stored.value.type() == CV_16UC1, "16 bit, one channel, 256 d + 1");
  double least = 0;
  cv::Point at;
  cv::minMaxLoc(stored.value, &least, nullptr, &at);
  if (least == 0) {
    refuse(stored,
           "0 (no disparity) at " + pixel_text(at) + ": every pixel must have a prediction");
  }
  cv::Mat value;
  stored.value.convertTo(value, CV_32F, 1 / kDisparitySteps, -1 / kDisparitySteps);
  return value;
}

std::vector<Path> write_disparity(const cv::Mat& prediction, const Path& stem) {
  require_finite(prediction, stem.string());
  const cv::Mat clamped = cv::max(prediction, 0);  // 0 in the picture would say "none"
  cv::Mat picture;
  clamped.convertTo(picture, CV_16U, kDisparitySteps, 1);
  return write_both(prediction, picture, stem);
}

cv::Mat read_inverse_depth(const Path& stem) {
  const Stored stored = read_stored(stem);
  require_type(stored, stored.is_npy(), "a .npy file: pictures have no unit for inverse depth");
  return float_values(stored, 1, "[H, W] of floats");
}

std::vector<Path> write_inverse_depth(const cv::Mat& prediction, const Path& stem) {
  require_finite(prediction, stem.string());
  const Path npy = with_suffix(stem, ".npy");
  write_npy(npy, prediction);
  return {npy};
}

cv::Mat read_normals(const Path& stem) {
  const Stored stored = read_stored(stem);
  cv::Mat value;
  if (stored.is_npy()) {
    value = float_values(stored, 3, "[H, W, 3] of floats: x, y, z");
  } else {
    require_type(stored, stored.value.type() == CV_8UC3, "8 bit RGB, (n + 1) / 2 * 255");
    reversed_channels(stored.value).convertTo(value, CV_32F, 2.0 / 255, -1);
  }
  normalise(value);
  return value;
}

std::vector<Path> write_normals(const cv::Mat& prediction, const Path& stem) {
  require_finite(prediction, stem.string());
  cv::Mat picture;
  reversed_channels(prediction).convertTo(picture, CV_8U, 127.5, 127.5);
  return write_both(prediction, picture, stem);
}

}  // namespace tasuki::tasks
