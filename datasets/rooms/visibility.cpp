#include "datasets/rooms/visibility.h"

#include <algorithm>

namespace tasuki::rooms {
namespace {

constexpr float kNear = 0.02f;  // metres

struct Window {
  int u0, v0, u1, v1;  // the last are included
};

// The pixels that a shape's box may cover: all when it reaches behind the camera.
Window covered(const Shape& shape, const Viewpoint& view, int width, int height) {
  const Vec3 half = shape.bound();
  float u0 = kMiss, v0 = kMiss, u1 = -kMiss, v1 = -kMiss;
  int behind = 0;
  for (int corner = 0; corner < 8; ++corner) {
    const Vec3 signs{corner & 1 ? 1.0f : -1.0f, corner & 2 ? 1.0f : -1.0f,
                     corner & 4 ? 1.0f : -1.0f};
    const Vec3 world = shape.centre + shape.axes.to_world(half * signs);
    const Vec3 p = view.axes.to_local(world - view.position);
    if (p.z < kNear) {
      ++behind;
      continue;
    }
    const float u = view.cx + view.focal * p.x / p.z, v = view.cy + view.focal * p.y / p.z;
    u0 = std::min(u0, u);
    u1 = std::max(u1, u);
    v0 = std::min(v0, v);
    v1 = std::max(v1, v);
  }
  if (behind == 8) return {0, 0, -1, -1};
  if (behind > 0) return {0, 0, width - 1, height - 1};
  const auto pixel = [](float at, int size) {
    return static_cast<int>(std::clamp(at, -1.0f, static_cast<float>(size)));
  };
  return {std::max(pixel(u0, width), 0), std::max(pixel(v0, height), 0),
          std::min(pixel(u1 + 1, width), width - 1), std::min(pixel(v1 + 1, height), height - 1)};
}

void draw_shape(const Scene& scene, const Viewpoint& view, int index, Visible& out) {
  const Shape& shape = scene.shapes[index];
  const Window window = covered(shape, view, out.width, out.height);
  if (window.u0 > window.u1) return;
  const Vec3 origin = shape.unit_point(view.position);
  const Vec3 step = shape.unit_direction(view.axes.x * (1 / view.focal));
  for (int v = window.v0; v <= window.v1; ++v) {
    const Vec3 row = shape.unit_direction(view.ray(0, static_cast<float>(v)));
    for (int u = window.u0; u <= window.u1; ++u) {
      const size_t pixel = static_cast<size_t>(v) * out.width + u;
      const float t = enter(shape, origin, row + step * static_cast<float>(u));
      if (t > kNear && t < out.depth[pixel]) {
        out.depth[pixel] = t;
        out.surface[pixel] = index;
      }
    }
  }
}

// The normal at a hit. Rounding may turn it away from a ray that only grazes the surface; it is
// then tilted back so that the angle to the ray stays just below a right one.
Vec3 facing_normal(const Scene& scene, int surface, Vec3 camera, Vec3 direction, float depth) {
  Vec3 normal;
  if (scene.is_side(surface)) {
    normal = side_normal(scene.side_of(surface));
  } else {
    const Shape& shape = scene.shapes[surface];
    const Vec3 unit = shape.unit_direction(direction);
    normal = surface_normal(shape, shape.unit_point(camera) + unit * depth, unit);
  }
  constexpr float kSteepest = -1e-3f;
  const Vec3 ray = normalized(direction);
  const float cosine = dot(normal, ray);
  if (cosine < kSteepest) return normal;
  return normalized(normal + ray * (2 * kSteepest - cosine));
}

}  // namespace

Visible find_visible(const Scene& scene, const Viewpoint& view, int width, int height) {
  const size_t count = static_cast<size_t>(width) * height;
  Visible out{width,
              height,
              std::vector<float>(count),
              std::vector<int>(count),
              std::vector<Vec3>(count),
              std::vector<Vec3>(count)};
  const auto ray = [&](size_t pixel) {
    return view.ray(static_cast<float>(pixel % width), static_cast<float>(pixel / width));
  };
  const int shapes = static_cast<int>(scene.shapes.size());
  for (size_t i = 0; i < count; ++i) {
    const Exit exit = leave_room(scene, view.position, ray(i));
    out.depth[i] = exit.distance;
    out.surface[i] = shapes + exit.side;
  }
  for (int i = 0; i < shapes; ++i) draw_shape(scene, view, i, out);
  for (size_t i = 0; i < count; ++i) {
    const Vec3 direction = ray(i);
    out.point[i] = view.position + direction * out.depth[i];
    out.normal[i] = facing_normal(scene, out.surface[i], view.position, direction, out.depth[i]);
  }
  return out;
}

}  // namespace tasuki::rooms
