#pragma once

#include <filesystem>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "tasuki/data/sample.h"
#include "tasuki/io/value_table.h"

namespace tasuki::taskonomy {

// Classes of segment_semantic, by classes.csv.
struct Labels {
  std::vector<std::string> names;  // by index
  ValueMeaning meaning;            // of the stored ids
};
Labels labels();

// Stored 16-bit p -> p / 512 metres along the optical axis; 0, invalid, where p is 0 or 65535 (no
// surface was met). Error (kData) where they are something else.
cv::Mat depth_of(const cv::Mat& stored);

// Metres from the centre of the camera -> metres along its optical axis.
cv::Mat along_axis(const cv::Mat& distance, const Camera& camera);

// Stored 8-bit colours c -> unit vectors of c / 127.5 - 1, x right, y down, z forward, facing the
// camera; where a colour is grey, shorter than 0.5, (0, 0, 0). `z_forward`: whether blue grows
// along z or against it. Error (kData) for another type, and where fewer than half of the vectors
// that are not grey have a length of 0.8 to 1.2: a picture of something else.
cv::Mat normals_of(const cv::Mat& stored, bool z_forward);

// The camera of a point_info file: its field of view, over a square image. Error (kData) names the
// file and the number that is missing or out of range.
Camera read_camera(const std::filesystem::path& file, cv::Size size);

}  // namespace tasuki::taskonomy
