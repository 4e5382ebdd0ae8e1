#pragma once

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>

#include "tasuki/data/sample.h"

namespace tasuki::testing {

// The normal of the least-squares plane (u, v, 1) -> 1/Z of all pixels in the square window around
// (x, y) whose depth is within `gate` of its own: what anyone would write first.
inline cv::Vec3d plain_fit(const cv::Mat& depth, const Camera& camera, int window, double gate,
                           const cv::Point& at) {
  const int radius = window / 2;
  const double middle = depth.at<float>(at);
  cv::Matx33d squares = cv::Matx33d::zeros();
  cv::Vec3d products(0, 0, 0);
  const cv::Rect around = cv::Rect(at.x - radius, at.y - radius, window, window) &
                          cv::Rect(0, 0, depth.cols, depth.rows);
  for (int y = around.y; y < around.br().y; ++y) {
    const float* row = depth.ptr<float>(y);
    for (int x = around.x; x < around.br().x; ++x) {
      if (!(row[x] > 0) || std::abs(row[x] - middle) > gate * middle) continue;
      const cv::Vec3d pixel(x - at.x, y - at.y, 1);
      squares += pixel * pixel.t();
      products += pixel / row[x];
    }
  }
  const cv::Vec3d plane = squares.solve(products, cv::DECOMP_CHOLESKY);
  const cv::Vec3d normal(plane[0] * camera.fx, plane[1] * camera.fy,
                         plane[0] * (camera.cx - at.x) + plane[1] * (camera.cy - at.y) + plane[2]);
  return -cv::normalize(normal);
}

inline double degrees_between(const cv::Vec3d& a, const cv::Vec3d& b) {
  return std::atan2(cv::norm(a.cross(b)), a.dot(b)) * 180 / CV_PI;
}

}  // namespace tasuki::testing
