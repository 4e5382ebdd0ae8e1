#pragma once

#include <opencv2/core.hpp>

#include "datasets/nyuv2/hdf5_file.h"

namespace tasuki::nyuv2 {

// nyu_depth_v2_labeled.mat: N frames of H x W pixels, read one at a time. MATLAB's sizes, which
// HDF5 has the other way round:
//   images     H x W x 3 x N  uint8, R G B
//   depths     H x W x N      single, metres, in-painted
//   rawDepths  H x W x N      single, metres, 0 where the Kinect saw nothing
//   labels     H x W x N      uint16, 0 unlabelled, then classes from 1 on
//   scenes     N x 1          cell array of texts such as 'kitchen_0004'
// Errors (kData) name the file, the variable and the frame.
class LabeledMat {
 public:
  LabeledMat(const std::filesystem::path& path, std::string depth_variable);

  size_t frames() const { return frames_; }
  const std::filesystem::path& path() const { return file_.path(); }
  // Frames are counted from 1, as in splits.mat.
  cv::Mat image(size_t frame) const;   // CV_8UC3 BGR
  cv::Mat depth(size_t frame) const;   // CV_32FC1
  cv::Mat labels(size_t frame) const;  // CV_16UC1
  // Of each frame.
  std::vector<std::string> scenes() const;

 private:
  Hdf5File file_;
  std::string depth_variable_;
  hsize_t frames_ = 0, height_ = 0, width_ = 0;
};

}  // namespace tasuki::nyuv2
