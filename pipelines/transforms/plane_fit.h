#pragma once

#include <opencv2/core.hpp>

#include "core/data/sample.h"

namespace tasuki {

struct PlaneFit {
  int window = 31;       // side of the largest neighbourhood in pixels, odd
  float gate = 0.1f;     // neighbours differ in depth by at most this part of it
  float depth_step = 0;  // metres from one stored depth to the next; 0: as good as continuous
  int least_neighbours = 12;
};

// Surface normals of a depth map: CV_32FC1 metres, 0 where unknown -> CV_32FC3 unit vectors in
// camera axes (x right, y down, z forward) with n . ray < 0; (0,0,0) where there is no depth, and
// where too few neighbours have one and no plane beside the pixel passes through it.
//
// A plane n . P = d seen by a pinhole camera is linear in the pixel: 1/Z = a u + b v + c with
// (a fx, b fy, a cx + b cy + c) = n / d. So each pixel gets the least-squares plane of
// (u, v, 1) -> 1/Z over its neighbourhood (see SupportArms). Near an edge between two surfaces that
// neighbourhood holds both; the pixel then takes the plane of one of eight neighbourhoods beside it
// (in the manner of Kuwahara's filter) that explains its own depths clearly better and passes
// through the pixel. On rendered rooms with depth in steps of 39.2 mm this halves the mean error.
//
// Takes a constant number of operations a pixel for the fit and O(window) simple ones for the arms.
cv::Mat normals_from_depth(const cv::Mat& depth, const Camera& camera, const PlaneFit& fit);

}  // namespace tasuki
