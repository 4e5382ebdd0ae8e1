#pragma once

#include "datasets/rooms/scene.h"

namespace tasuki::rooms {

// A pinhole camera in the room. axes.x points right, axes.y down, axes.z forward in the image.
struct Viewpoint {
  Vec3 position;
  Basis axes;
  float focal = 1;       // pixels, the same for both directions
  float cx = 0, cy = 0;  // pixels; the centre of the first pixel is (0, 0)

  // The world direction of a pixel's ray, of length 1 along the optical axis: a hit at `t` has
  // depth t.
  Vec3 ray(float u, float v) const {
    return axes.to_world({(u - cx) / focal, (v - cy) / focal, 1});
  }
};

// The one of several random views at eye height that shows the most different surfaces without
// standing right before one. The horizontal field of view is drawn between the limits, in degrees.
Viewpoint choose_viewpoint(const Scene& scene, Random& random, int width, int height, float fov_low,
                           float fov_high);

}  // namespace tasuki::rooms
