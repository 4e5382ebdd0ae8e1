#pragma once

#include <opencv2/core.hpp>
#include <vector>

namespace tasuki {

// 1/Z = a u + b v + c with (u, v) the pixel of the whole picture: a plane as a pinhole camera sees
// it. residual is the mean square of (fit - 1/Z) over the squared mean of 1/Z, that is the variance
// of the relative error of depth; 0 where there is no plane.
using Plane = cv::Vec4f;  // a, b, c, residual

inline float inverse_depth(const Plane& plane, float x, float y) {
  return plane[0] * x + plane[1] * y + plane[2];
}

struct PlaneScales {
  int window = 13;            // side of a neighbourhood in cells, odd
  int count = 4;              // scales at most
  float gate = 0.1f;          // neighbours differ in depth by at most this part of it
  float least_gate = 0;       // or by this many metres
  int least_neighbours = 12;  // fewer give no plane
};

// Least-squares planes of the neighbourhood (see SupportArms) of each cell, CV_32FC4 of Plane, of
// windows twice as wide from one scale to the next: scale s has cells of 2^s x 2^s pixels, each the
// mean of 1/Z over those of its pixels that pass the gate. A larger scale therefore costs a quarter
// of the one before. Depth is CV_32FC1, > 0 where known. Ends before cells would be fewer than a
// window in either direction; the first scale is always there.
std::vector<cv::Mat> plane_scales(const cv::Mat& depth, const PlaneScales& scales);

}  // namespace tasuki
