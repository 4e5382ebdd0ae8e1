#pragma once

#include <vector>

#include "datasets/rooms/visibility.h"

namespace tasuki::rooms {

// Linear RGB radiance of every pixel: ambient light with occlusion by what is near, every light
// with soft shadows, the sun through the windows with hard ones, and highlights.
std::vector<Vec3> shade(const Scene& scene, const Viewpoint& view, const Visible& visible);

}  // namespace tasuki::rooms
