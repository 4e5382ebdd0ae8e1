#pragma once

#include <opencv2/core.hpp>

namespace tasuki::pascal_context {

// Borders between labels (CV_16UC1) as a mask of 0 and 1, CV_8UC1: pixels with a neighbour of
// another label above, below, left or right, thinned to lines of one pixel (Guo and Hall,
// Communications of the ACM 32(3), 1989). ASTMT takes a Laplacian of the labels' numbers instead of
// comparing them, which misses a border where the numbers cancel out.
cv::Mat edges_of(const cv::Mat& labels);

}  // namespace tasuki::pascal_context
