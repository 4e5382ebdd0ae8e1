#pragma once

#include <filesystem>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

// What is read of MATLAB files of version 5. Thread-safe for files of that version; others are
// refused. Errors (kData) name the file and the variable.
namespace tasuki::pascal_context {

// The variable LabelMap of a file of PASCAL-Context: the label of each pixel, CV_16UC1.
cv::Mat read_label_map(const std::filesystem::path& file);

struct Part {
  std::string name;  // "head", "rlarm"
  cv::Mat mask;      // CV_8UC1, 255 where the part is
};

// The parts of all persons in a file of PASCAL-Part, the variable anno, in file order. None where
// no person has any.
std::vector<Part> read_person_parts(const std::filesystem::path& file);

}  // namespace tasuki::pascal_context
