#pragma once

#include <filesystem>
#include <opencv2/core.hpp>

#include "tasuki/data/sample.h"

namespace tasuki::cityscapes {

// What camera/*_camera.json says of the left camera.
struct StereoCamera {
  Camera intrinsic;     // pixels
  double baseline = 0;  // metres
};

// Error (kData) names the file and the number that is missing or out of range.
StereoCamera read_camera(const std::filesystem::path& file);

// Stored 16-bit values p -> disparity in pixels, (p - 1) / 256, -1 where p is 0. Error (kData)
// where they are something else.
cv::Mat disparity_of(const cv::Mat& stored);
// d in parts of the width; 0 where the disparity is 0 or invalid.
cv::Mat inverse_depth(const cv::Mat& disparity);
// f b / d in metres; 0 where the disparity is 0 or invalid.
cv::Mat metric_depth(const cv::Mat& disparity, const StereoCamera& camera);

}  // namespace tasuki::cityscapes
