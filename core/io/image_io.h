#pragma once

#include <filesystem>
#include <opencv2/core.hpp>
#include <string>

#include "tasuki/io/picture_format.h"

namespace tasuki {

// How the pictures of a config are read (`data.image`): the same for training, evaluation and
// prediction.
struct ImageReading {
  // Leave the pixels as they are stored, whatever orientation the file asks for.
  bool ignore_orientation = false;
  // Stored value that becomes 255; 0: all that the file's bits can hold.
  double white_level = 0;
};

// Reads a picture as CV_8UC3 BGR, turned and mirrored as its EXIF data (or a TIFF's own tag) ask
// for, so that it is what a viewer shows. Colours of more than 8 bits become 8: the largest number
// that the file's bits can hold, or the white level, becomes 255.
// Error (kData), naming the file: missing, unreadable, no picture, more than 2^28 pixels where the
// header says so, DICOM, signed numbers, floating-point numbers without a white level, a colour
// beyond the white level, or truncated. OpenCV by itself returns truncated JPEG files with their
// lower part grey; here a JPEG without its end marker and a PNG without its IEND chunk are Errors.
cv::Mat read_image(const std::filesystem::path& path, const ImageReading& reading = {});

// Reads a picture whose pixels are numbers: depth and channels as stored (16 bit stays 16 bit;
// colour channels in OpenCV's BGR order, grey with alpha as two), in the orientation that
// read_image gives. A PNG with a palette gives its indices, CV_8UC1, and the palette is ignored:
// its colours only show which class is meant; grey values of fewer than 8 bits are not scaled.
// Errors as read_image, and for a picture that was compressed with losses, whatever its name: one
// pixel in six of a label map in a JPEG has another class than it was given. `lossy` takes those,
// for what a picture is good enough for.
enum class Lossy { kRefused, kTaken };
cv::Mat read_stored_values(const std::filesystem::path& path, const ImageReading& reading = {},
                           Lossy lossy = Lossy::kRefused);

// Reads a picture whose colours mean something each, CV_8UC3 BGR: a palette gives its colours here.
// Errors as read_stored_values, and for more than 8 bits and for transparent pixels.
cv::Mat read_label_colours(const std::filesystem::path& path, const ImageReading& reading = {});

// What the file's header says; one without numbers where it is no picture of a known format, or
// can't be read. Files of other formats are not read beyond their first bytes.
PictureHeader read_picture_header(const std::filesystem::path& path);

// Why a picture that was read as `size` may not fit another one: that its file asks for a turn by
// 90 degrees, and what to do; "" where it doesn't.
std::string explain_orientation(const std::filesystem::path& path, cv::Size size);

// Writes a picture in the format of its extension, whole or not at all. Error (kRun).
void write_image(const std::filesystem::path& path, const cv::Mat& picture);

}  // namespace tasuki
