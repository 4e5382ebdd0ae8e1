#pragma once

#include <opencv2/core.hpp>

namespace tasuki {

// Averages unit normals (CV_32FC3, (0,0,0) where invalid) that are within 10 degrees of a pixel's
// own, up to `radius` pixels away: along its row, then along its column. Takes the seams away that
// are left where neighbouring pixels took planes of different windows, and no edge.
cv::Mat smooth_normals(const cv::Mat& normals, int radius);

}  // namespace tasuki
