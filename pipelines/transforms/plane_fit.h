#pragma once

#include <opencv2/core.hpp>

#include "tasuki/data/sample.h"

namespace tasuki {

struct PlaneFit {
  static constexpr int kMostScales = 8;

  int window = 13;       // side of the smallest window in pixels, odd
  int scales = 4;        // windows: each twice as wide as the one before
  float gate = 0.1f;     // neighbours differ in depth by at most this part of it
  float depth_step = 0;  // metres from one stored depth to the next; 0: as good as continuous
  float noise = 0;       // standard deviation of the sensor's depth at 1 m, in metres
  int least_neighbours = 12;
};

// Surface normals of a depth map: CV_32FC1 metres, 0 where unknown -> CV_32FC3 unit vectors in
// camera axes (x right, y down, z forward) with n . ray < 0; (0,0,0) where there is no depth, and
// where too few neighbours have one and no plane beside the pixel passes through it.
//
// A plane n . P = d seen by a pinhole camera is linear in the pixel: 1/Z = a u + b v + c with
// (a fx, b fy, a cx + b cy + c) = n / d. So normals come from least-squares planes of
// (u, v, 1) -> 1/Z over windows of several sizes (PlaneScales), of which each pixel takes the
// largest that fits (PlaneChoice); seams between pixels that took different
// ones are smoothed. What counts as a fit follows from the noise of the depth:
//  - depth_step: rounding to whole steps, which is undone first as far as it can be (Dequantised);
//  - noise: that of sensors that triangulate, whose standard deviation grows with the square of
//    depth (Khoshelham and Elberink, "Accuracy and Resolution of Kinect Depth Data for Indoor
//    Mapping Applications", Sensors 2012: 0.0014 m at 1 m);
//  - noise that is not given still shows as residual of the smallest window.
cv::Mat normals_from_depth(const cv::Mat& depth, const Camera& camera, const PlaneFit& fit);

}  // namespace tasuki
