#pragma once

#include <filesystem>
#include <opencv2/core.hpp>

namespace tasuki {

// Reads a NumPy .npy file (format versions 1.0, 2.0 and 3.0; little and big endian; C and Fortran
// order) of shape [H, W] or [H, W, C], C <= 512, as an H x W Mat with C channels.
//
//   stored                          Mat depth
//   bool, uint8 / int8              CV_8U / CV_8S
//   uint16 / int16                  CV_16U / CV_16S
//   int32, uint32, int64, uint64    CV_32S; an Error when a value does not fit
//   float16, float32 / float64      CV_32F / CV_64F
//
// Nothing of the file is trusted, and nothing in it is executed: other types (object arrays, which
// need pickle, among them), other ranks, and a size other than the header's are Errors (kData) that
// name the file. The layout is that of numpy.lib.format.
cv::Mat read_npy(const std::filesystem::path& path);

// Writes [H, W] (one channel) or [H, W, C], version 1.0, little endian, C order, whole or not at
// all. Depths CV_8U, CV_8S, CV_16U, CV_16S, CV_32S, CV_32F and CV_64F.
void write_npy(const std::filesystem::path& path, const cv::Mat& value);

}  // namespace tasuki
