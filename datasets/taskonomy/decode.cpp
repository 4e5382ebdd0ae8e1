#include "datasets/taskonomy/decode.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>

#include "datasets/taskonomy/tables.h"
#include "tasuki/error/error.h"
#include "tasuki/io/csv_table.h"
#include "tasuki/io/files.h"

namespace tasuki::taskonomy {
namespace {

constexpr size_t kLargestCameraFile = size_t{1} << 24;  // it may list all points in view
constexpr float kShortest = 0.5f;                       // of what is no grey
constexpr float kUnitFrom = 0.8f, kUnitTo = 1.2f;

// BGR -> x right, y down, z forward, as long as it is stored.
cv::Vec3f vector_of(const cv::Vec3b& colour, float z_sign) {
  const auto component = [](uchar value) { return float(value) / 127.5f - 1; };
  return {component(colour[2]), component(colour[1]), z_sign * component(colour[0])};
}

}  // namespace

Labels labels() {
  Labels labels;
  for (const auto& row : csv_rows(kClasses)) {
    const int index = std::stoi(row[2]);
    labels.meaning.classes.push_back(index);
    if (index >= 0) labels.names.push_back(row[1]);
  }
  return labels;
}

cv::Mat depth_of(const cv::Mat& stored) {
  if (stored.type() != CV_16UC1) {
    throw Error(ErrorKind::kData, "one channel of 16 bits is expected");
  }
  cv::Mat depth;
  stored.convertTo(depth, CV_32F, 1.0 / 512);
  depth.setTo(0, stored == 65535);
  return depth;
}

cv::Mat along_axis(const cv::Mat& distance, const Camera& camera) {
  cv::Mat depth(distance.size(), CV_32FC1);
  for (int y = 0; y < distance.rows; ++y) {
    const double v = (y - camera.cy) / camera.fy;
    for (int x = 0; x < distance.cols; ++x) {
      const double u = (x - camera.cx) / camera.fx;
      depth.at<float>(y, x) = float(distance.at<float>(y, x) / std::sqrt(u * u + v * v + 1));
    }
  }
  return depth;
}

cv::Mat normals_of(const cv::Mat& stored, bool z_forward) {
  if (stored.type() != CV_8UC3) {
    throw Error(ErrorKind::kData, "three channels of 8 bits are expected");
  }
  cv::Mat normals(stored.size(), CV_32FC3);
  size_t vectors = 0, units = 0;
  for (int y = 0; y < stored.rows; ++y) {
    const auto* colours = stored.ptr<cv::Vec3b>(y);
    auto* row = normals.ptr<cv::Vec3f>(y);
    for (int x = 0; x < stored.cols; ++x) {
      const auto vector = vector_of(colours[x], z_forward ? 1.f : -1.f);
      const float length = std::sqrt(vector.dot(vector));
      const bool is_vector = length >= kShortest;
      vectors += is_vector;
      units += is_vector && length >= kUnitFrom && length <= kUnitTo;
      row[x] = is_vector ? vector * (1 / length) : cv::Vec3f(0, 0, 0);
    }
  }
  if (2 * units < vectors) {
    throw Error(ErrorKind::kData, "is no picture of normals: of " + std::to_string(vectors) +
                                      " colours that aren't grey only " + std::to_string(units) +
                                      " are vectors of a length near 1");
  }
  return normals;
}

Camera read_camera(const std::filesystem::path& file, cv::Size size) {
  const auto text = read_file(file, kLargestCameraFile);
  const auto fail = [&](const std::string& problem) {
    return Error(ErrorKind::kData, file.string() + ": " + problem);
  };
  if (size.width != size.height) {
    throw fail("its field of view is of a square image, but the image is " +
               std::to_string(size.height) + "x" + std::to_string(size.width));
  }
  try {
    const auto view = nlohmann::json::parse(text).at("field_of_view_rads").get<double>();
    if (!(view > 0 && view < std::numbers::pi)) {
      throw fail("field_of_view_rads is an angle between 0 and pi");
    }
    const double focal = size.width / 2.0 / std::tan(view / 2);
    const double centre = (size.width - 1) / 2.0;  // pixel centres are whole numbers
    return {focal, focal, centre, centre};
  } catch (const nlohmann::json::exception& wrong) {
    throw fail(std::string("not a camera file of Taskonomy: ") + wrong.what());
  }
}

}  // namespace tasuki::taskonomy
