#include "datasets/nyuv2/labeled_mat.h"

#include <opencv2/imgproc.hpp>

#include "tasuki/error/error.h"

namespace tasuki::nyuv2 {
namespace {

constexpr hsize_t kLargestSide = 1 << 14;
constexpr hsize_t kMostFrames = 1 << 20;

// Columns one after another, as MATLAB has them -> rows.
template <class T>
cv::Mat from_columns(std::vector<T>& values, size_t plane, hsize_t height, hsize_t width) {
  const cv::Mat columns(static_cast<int>(width), static_cast<int>(height), cv::DataType<T>::type,
                        values.data() + plane * height * width);
  cv::Mat rows;
  cv::transpose(columns, rows);
  return rows;
}

}  // namespace

LabeledMat::LabeledMat(const std::filesystem::path& path, std::string depth_variable)
    : file_(path), depth_variable_(std::move(depth_variable)) {
  const auto sizes = file_.sizes("images");
  if (sizes.size() != 4 || sizes[0] < 1 || sizes[0] > kMostFrames || sizes[1] != 3 ||
      sizes[2] < 1 || sizes[2] > kLargestSide || sizes[3] < 1 || sizes[3] > kLargestSide) {
    throw Error(ErrorKind::kData,
                path.string() + ": variable images is no H x W x 3 x N array of pictures");
  }
  frames_ = sizes[0];
  width_ = sizes[2];
  height_ = sizes[3];
}

cv::Mat LabeledMat::image(size_t frame) const {
  auto values = file_.item<uint8_t>("images", frame - 1, {3, width_, height_});
  std::vector<cv::Mat> planes;
  for (const size_t plane : {2, 1, 0}) {
    planes.push_back(from_columns(values, plane, height_, width_));
  }
  cv::Mat picture;
  cv::merge(planes, picture);
  return picture;
}

cv::Mat LabeledMat::depth(size_t frame) const {
  auto values = file_.item<float>(depth_variable_, frame - 1, {width_, height_});
  return from_columns(values, 0, height_, width_);
}

cv::Mat LabeledMat::labels(size_t frame) const {
  auto values = file_.item<uint16_t>("labels", frame - 1, {width_, height_});
  return from_columns(values, 0, height_, width_);
}

std::vector<std::string> LabeledMat::scenes() const {
  auto scenes = file_.texts("scenes");
  if (scenes.size() == frames_) return scenes;
  throw Error(ErrorKind::kData, path().string() + ": variable scenes has " +
                                    std::to_string(scenes.size()) + " names for " +
                                    std::to_string(frames_) + " frames");
}

}  // namespace tasuki::nyuv2
