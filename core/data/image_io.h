#pragma once

#include <filesystem>
#include <opencv2/core.hpp>

namespace tasuki {

// Reads an 8-bit picture as CV_8UC3 BGR, in the orientation of its stored pixels (an EXIF rotation
// is not applied: label files don't carry it).
// Error (kData), naming the file: missing, unreadable, no picture, larger than OpenCV's limit
// (2^30 pixels), DICOM, or truncated. OpenCV by itself returns truncated JPEG files with their
// lower part grey; here a JPEG without its end marker and a PNG without its IEND chunk are Errors.
cv::Mat read_image(const std::filesystem::path& path);

// Reads a picture whose pixels are numbers: depth and channels as stored (16 bit stays 16 bit;
// colour channels in OpenCV's BGR order). A PNG with a palette gives its indices, CV_8UC1, and the
// palette is ignored: its colours only show which class is meant; grey values of fewer than 8 bits
// are not scaled. Errors as read_image.
cv::Mat read_stored_values(const std::filesystem::path& path);

// Writes a picture in the format of its extension, whole or not at all. Error (kRun).
void write_image(const std::filesystem::path& path, const cv::Mat& picture);

}  // namespace tasuki
