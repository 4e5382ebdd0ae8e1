#pragma once

#include <filesystem>
#include <opencv2/core.hpp>
#include <vector>

namespace tasuki::tasks {

// Files of predictions, as tasuki writes them and as any other program may. A prediction of sample
// ID lies at `stem` = FOLDER/ID: stem.npy is read where it is there, else stem.png.
//
//   task          .npy, [H, W] or [H, W, 1]     .png                              written
//   segmentation  any integers: class index     8 or 16 bit, grey or palette:     .png (16 bit for
//                                               class index                       > 255 classes)
//   depth         float16/32/64: metres         16 bit grey: millimetres          both
//   disparity     float16/32/64: pixels         16 bit grey: 256 d + 1 (Cityscapes) both
//   inverse depth float16/32/64: the data's unit none                              .npy
//   normals       [H, W, 3] float16/32/64:      8 bit RGB: (n + 1) / 2 * 255      both
//                 x, y, z, any length
//
// Every pixel must have a prediction: there is no void value. In a depth PNG 0 is 0 mm; a disparity
// PNG with a 0 is an Error. Depth PNGs written saturate at 0 and 65.535 m, disparity PNGs at 0 and
// 255.99 px; .npy files hold predictions as they are.
// All readers throw Error (kData) naming the file: neither file is there (both names are listed), a
// wrong type or number of channels, a value that is not finite, a class out of range. Writers
// refuse values that are not finite; write errors are those of write_file_atomically.

// CV_32SC1 of indices in 0..classes-1.
cv::Mat read_classes(const std::filesystem::path& stem, int classes);
std::vector<std::filesystem::path> write_classes(const cv::Mat& prediction,
                                                 const std::filesystem::path& stem, int classes);

// CV_32FC1, metres.
cv::Mat read_depth(const std::filesystem::path& stem);
std::vector<std::filesystem::path> write_depth(const cv::Mat& prediction,
                                               const std::filesystem::path& stem);

// CV_32FC1, pixels.
cv::Mat read_disparity(const std::filesystem::path& stem);
std::vector<std::filesystem::path> write_disparity(const cv::Mat& prediction,
                                                   const std::filesystem::path& stem);

// CV_32FC1, the unit of the data.
cv::Mat read_inverse_depth(const std::filesystem::path& stem);
std::vector<std::filesystem::path> write_inverse_depth(const cv::Mat& prediction,
                                                       const std::filesystem::path& stem);

// CV_32FC3 of unit vectors; a vector shorter than 0.02, grey 127 or 128 in a PNG, becomes zero and
// counts as 90 degrees off.
cv::Mat read_normals(const std::filesystem::path& stem);
std::vector<std::filesystem::path> write_normals(const cv::Mat& prediction,
                                                 const std::filesystem::path& stem);

}  // namespace tasuki::tasks
