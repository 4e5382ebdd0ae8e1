#pragma once

#include <opencv2/core.hpp>
#include <vector>

#include "datasets/pascal_context/pascal_context.pb.h"

namespace tasuki::pascal_context {

// Colours (CV_8UC3, BGR as OpenCV keeps them) -> unit vectors, CV_32FC3, x right, y down, z
// forward: 2 v / 255 - 1 for each colour, at unit length. Vectors shorter than 1/2 have no
// direction: (0, 0, 0).
cv::Mat normals_of(const cv::Mat& colours, options::PascalContext::NormalAxes axes);

// Makes normals invalid where the label (CV_16UC1, 0 to 459) is none of those that labels459.csv
// lists for normals. Error (kData) for another label.
class NormalLabels {
 public:
  NormalLabels();
  void mask(cv::Mat& normals, const cv::Mat& labels) const;

 private:
  std::vector<bool> used_;  // by label
};

}  // namespace tasuki::pascal_context
