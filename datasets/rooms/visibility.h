#pragma once

#include <vector>

#include "datasets/rooms/viewpoint.h"

namespace tasuki::rooms {

// What each pixel's centre sees, row by row.
struct Visible {
  int width = 0, height = 0;
  std::vector<float> depth;  // metres along the optical axis
  std::vector<int> surface;  // Scene's surface number
  std::vector<Vec3> normal;  // world, unit, towards the camera
  std::vector<Vec3> point;   // world
};

// Exact visibility of pixel centres: every shape is intersected with the rays of the pixels that
// its bounding box covers, and the nearest hit stays.
Visible find_visible(const Scene& scene, const Viewpoint& view, int width, int height);

}  // namespace tasuki::rooms
