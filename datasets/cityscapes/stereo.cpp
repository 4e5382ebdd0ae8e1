#include "datasets/cityscapes/stereo.h"

#include <nlohmann/json.hpp>

#include "tasuki/error/error.h"
#include "tasuki/io/files.h"

namespace tasuki::cityscapes {
namespace {

constexpr size_t kLargestCameraFile = 1 << 16;

}  // namespace

StereoCamera read_camera(const std::filesystem::path& file) {
  const auto text = read_file(file, kLargestCameraFile);
  const auto fail = [&](const std::string& problem) {
    return Error(ErrorKind::kData, file.string() + ": " + problem);
  };
  try {
    const auto json = nlohmann::json::parse(text);
    const auto& intrinsic = json.at("intrinsic");
    const StereoCamera camera = {
        {intrinsic.at("fx").get<double>(), intrinsic.at("fy").get<double>(),
         intrinsic.at("u0").get<double>(), intrinsic.at("v0").get<double>()},
        json.at("extrinsic").at("baseline").get<double>()};
    if (!(camera.intrinsic.fx > 0 && camera.intrinsic.fy > 0)) {
      throw fail("intrinsic.fx and intrinsic.fy are focal lengths in pixels, above 0");
    }
    if (!(camera.baseline > 0)) throw fail("extrinsic.baseline is a length in metres, above 0");
    return camera;
  } catch (const nlohmann::json::exception& wrong) {
    throw fail(std::string("not a camera file of Cityscapes: ") + wrong.what());
  }
}

cv::Mat disparity_of(const cv::Mat& stored) {
  if (stored.type() != CV_16UC1) {
    throw Error(ErrorKind::kData, "one channel of 16 bits is expected");
  }
  cv::Mat disparity;
  stored.convertTo(disparity, CV_32F, 1.0 / 256, -1.0 / 256);
  disparity.setTo(-1, stored == 0);
  return disparity;
}

cv::Mat inverse_depth(const cv::Mat& disparity) {
  return cv::max(disparity, 0) * (1.0 / disparity.cols);
}

cv::Mat metric_depth(const cv::Mat& disparity, const StereoCamera& camera) {
  const double product = camera.intrinsic.fx * camera.baseline;
  cv::Mat depth(disparity.size(), CV_32FC1);
  for (int y = 0; y < disparity.rows; ++y) {
    const auto* d = disparity.ptr<float>(y);
    auto* z = depth.ptr<float>(y);
    for (int x = 0; x < disparity.cols; ++x) {
      z[x] = d[x] > 0 ? static_cast<float>(product / d[x]) : 0;
    }
  }
  return depth;
}

}  // namespace tasuki::cityscapes
