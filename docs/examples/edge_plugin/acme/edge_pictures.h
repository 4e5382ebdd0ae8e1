#pragma once

#include <opencv2/core.hpp>

namespace acme {

// Pictures (CV_8UC3 BGR) of edge maps (CV_32FC1, 0..1, negative where invalid: grey).

inline const cv::Vec3b kInvalidColor{128, 128, 128};
inline const cv::Vec3b kMissedColor{0, 0, 230};
inline const cv::Vec3b kFalseAlarmColor{230, 120, 0};

// Edges white on black.
cv::Mat draw_edges(const cv::Mat& value);
// White where they agree, towards red where an edge was missed, towards blue where there is none.
cv::Mat draw_edge_error(const cv::Mat& prediction, const cv::Mat& label);

}  // namespace acme
