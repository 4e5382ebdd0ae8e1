#include "datasets/rooms/viewpoint.h"

#include <algorithm>

#include "datasets/rooms/visibility.h"

namespace tasuki::rooms {
namespace {

constexpr int kCandidates = 6;
constexpr int kProbes = 10;  // across the image
constexpr float kDegree = 3.14159265f / 180;

Basis look(float yaw, float pitch, float roll) {
  const Vec3 forward{std::cos(yaw) * std::cos(pitch), std::sin(yaw) * std::cos(pitch),
                     std::sin(pitch)};
  const Vec3 right{std::sin(yaw), -std::cos(yaw), 0};
  const Vec3 down = cross(forward, right);
  const float c = std::cos(roll), s = std::sin(roll);
  return {right * c + down * s, down * c - right * s, forward};
}

Viewpoint draw(const Scene& scene, Random& random) {
  Viewpoint view;
  const Vec3 size = scene.size;
  view.position = {random.uniform(0.25f, size.x - 0.25f), random.uniform(0.25f, size.y - 0.25f),
                   random.uniform(0.9f, 1.75f)};
  // Towards somewhere in the inner half of the room.
  const Vec3 target{size.x * random.uniform(0.25f, 0.75f), size.y * random.uniform(0.25f, 0.75f),
                    0};
  const Vec3 way = target - view.position;
  const float yaw = std::atan2(way.y, way.x) + random.uniform(-0.5f, 0.5f);
  const float pitch = random.uniform(-26, 12) * kDegree, roll = random.uniform(-4, 4) * kDegree;
  view.axes = look(yaw, pitch, roll);
  return view;
}

// Number of different surfaces in a tiny picture of the view; negative when something is right
// before the camera, or all is near.
int score(const Scene& scene, const Viewpoint& view, int width, int height) {
  Viewpoint tiny = view;
  tiny.focal *= static_cast<float>(kProbes) / static_cast<float>(width);
  tiny.cx = (kProbes - 1) / 2.0f;
  const int rows = std::max(1, kProbes * height / width);
  tiny.cy = static_cast<float>(rows - 1) / 2;
  Visible visible = find_visible(scene, tiny, kProbes, rows);
  const auto [nearest, farthest] = std::minmax_element(visible.depth.begin(), visible.depth.end());
  const bool cramped = *nearest < 0.5f || *farthest < 2;
  std::sort(visible.surface.begin(), visible.surface.end());
  const auto end = std::unique(visible.surface.begin(), visible.surface.end());
  const int different = static_cast<int>(end - visible.surface.begin());
  return cramped ? different - 1000 : different;
}

// Whether the camera is within something, or nearly.
bool blocked(const Scene& scene, Vec3 position) {
  return std::any_of(scene.shapes.begin(), scene.shapes.end(), [&](const Shape& shape) {
    const Vec3 extent = shape.extent(), off = position - shape.centre;
    return std::abs(off.x) < extent.x + 0.12f && std::abs(off.y) < extent.y + 0.12f &&
           std::abs(off.z) < extent.z + 0.12f;
  });
}

}  // namespace

Viewpoint choose_viewpoint(const Scene& scene, Random& random, int width, int height, float fov_low,
                           float fov_high) {
  const float fov = random.uniform(fov_low, fov_high) * kDegree;
  Viewpoint best;
  int best_score = -1000000;
  for (int i = 0; i < kCandidates; ++i) {
    Viewpoint view = draw(scene, random);
    view.focal = static_cast<float>(width) / (2 * std::tan(fov / 2));
    view.cx = static_cast<float>(width - 1) / 2;
    view.cy = static_cast<float>(height - 1) / 2;
    int value = score(scene, view, width, height);
    if (blocked(scene, view.position)) value -= 10000;
    if (value > best_score) {
      best = view;
      best_score = value;
    }
  }
  return best;
}

}  // namespace tasuki::rooms
