#pragma once

#include <opencv2/core.hpp>
#include <vector>

#include "pipelines/transforms/plane_scales.h"

namespace tasuki {

// Chooses a pixel's plane among those of its neighbourhoods and of eight beside it (in the manner
// of Kuwahara's filter) at every scale.
//
// Small windows are noisy, large ones mix surfaces. As long as a window holds one plane, its
// residual is the noise of the depth and stays what it was when the window grows; so the pixel goes
// from scale to scale until the residual grows (the idea of Lepski, "On a problem of adaptive
// estimation in Gaussian white noise", 1991; of windows, Goldenshluger and Nemirovski, 1997).
// A plane counts for a pixel that lies on it as far as its own residual can tell, so that the
// pixels near an edge take that of their own side.
class PlaneChoice {
 public:
  // `planes` from plane_scales with this window.
  PlaneChoice(std::vector<cv::Mat> planes, int window);

  // For pixel (x, y) of depth z > 0. `noise` is the variance of the relative error of depth that is
  // there anyway: a residual below says nothing. A plane with residual 0 where the pixel has none.
  Plane choose(int x, int y, float z, float noise) const;

 private:
  struct Found {
    Plane plane{0, 0, 0, 0};
    float residual = 0;  // of the best
  };
  Found at_scale(size_t scale, int x, int y, float z, float noise) const;

  std::vector<cv::Mat> planes_;
  int shift_;  // cells to the neighbourhoods beside
};

}  // namespace tasuki
