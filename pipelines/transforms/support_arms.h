#pragma once

#include <opencv2/core.hpp>

namespace tasuki {

// How far the neighbourhood of each pixel reaches in the four directions, in pixels, CV_16SC1. The
// neighbours between are connected: each has a depth, near enough to the pixel's own.
//
// Neighbourhood of p: the horizontal reach of every pixel in p's vertical reach. It follows the
// outline of a surface, and sums over it cost the same for any size (two differences of prefix
// sums). Scheme: Zhang, Lu, Lafruit, "Cross-Based Local Stereo Matching Using Orthogonal Integral
// Images", IEEE TCSVT 2009.
struct SupportArms {
  cv::Mat left, right, up, down;
};

// Depth is CV_32FC1, > 0 where known. Arms have `radius` pixels at most; along them depth differs
// by at most `gate` times the pixel's own depth or by `least_gate` metres, whichever is more.
// Without depth all arms are 0.
SupportArms support_arms(const cv::Mat& depth, int radius, float gate, float least_gate);

}  // namespace tasuki
