#pragma once

#include <opencv2/core.hpp>

namespace tasuki {

struct Dequantised {
  cv::Mat depth;    // CV_32FC1
  cv::Mat between;  // CV_8UC1, 255 where the depth was interpolated
};

// Undoes the rounding of depth (CV_32FC1, > 0 where known) to whole steps. Rounded depth is known
// best where it changes by one step: there it is half way between the two. So along each row and
// each column a run of equal depths between two such contours, one at its nearer and one at its
// farther side, is replaced by the straight line between them; where both a row and a column give
// one, the shorter run weighs more. Exact for planes up to the place of a contour, which is known
// to half a pixel. All else stays as it is: runs that end at the border or at a jump, hilltops, and
// depths that are not rounded (runs of one pixel become the mean of their contours).
Dequantised dequantise(const cv::Mat& depth, float step);

}  // namespace tasuki
