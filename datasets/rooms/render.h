#pragma once

#include <cstdint>
#include <opencv2/core.hpp>

#include "datasets/rooms/classes.h"
#include "datasets/rooms/random.h"
#include "tasuki/data/sample.h"

namespace tasuki::rooms {

struct RenderSettings {
  int height = 120, width = 160;      // pixels
  float fov_low = 55, fov_high = 75;  // horizontal field of view, degrees
  float clutter = 1;                  // furniture and small things, 0 = bare rooms
  float noise = 1;                    // of the sensor, 0 = none
};

struct Rendering {
  cv::Mat image;    // CV_8UC3 BGR
  cv::Mat labels;   // CV_32SC1, indices of kClassNames; every pixel has one
  cv::Mat depth;    // CV_32FC1, metres along the optical axis, > 0
  cv::Mat normals;  // CV_32FC3, unit, x right, y down, z forward, n . ray < 0
  Camera camera;    // u = fx X/Z + cx with pixel centres at whole numbers
};

// The room of a seed (room_seed) and one view of it. Labels, depth and normals are exact for the
// ray through each pixel's centre. A pure function of its arguments: the same bits from any thread.
Rendering render_room(uint64_t seed, const RenderSettings& settings);

}  // namespace tasuki::rooms
