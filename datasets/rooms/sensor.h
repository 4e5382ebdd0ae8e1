#pragma once

#include <opencv2/core.hpp>
#include <vector>

#include "datasets/rooms/random.h"

namespace tasuki::rooms {

// The photograph of linear RGB radiance: exposure, white balance, vignetting, a lens a little out
// of focus, shot and read noise (`noise` scales both, 1 is usual), gamma 2.2. CV_8UC3 BGR.
cv::Mat photograph(const std::vector<Vec3>& radiance, int width, int height, float noise,
                   Random& random);

}  // namespace tasuki::rooms
