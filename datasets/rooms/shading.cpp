#include "datasets/rooms/shading.h"

#include <algorithm>

namespace tasuki::rooms {
namespace {

constexpr float kOffset = 0.003f;  // metres that shadow rays start above the surface
constexpr float kReach = 0.8f;     // metres within which ambient light is blocked

// What falls on a pixel, apart from the surface's own colour.
struct Incoming {
  Vec3 diffuse, highlight;
};

// Each pixel samples one of nine parts of a light or of the hemisphere, by its place in a 3 x 3
// block; the blur over a block then sums all nine. Shadows become soft for one ray a pixel.
struct Stratum {
  float a, b;  // -2/3, 0 or 2/3

  explicit Stratum(size_t u, size_t v)
      : a((static_cast<float>(u % 3) - 1) * (2.0f / 3)),
        b((static_cast<float>(v % 3) - 1) * (2.0f / 3)) {}
};

class Shader {
 public:
  Shader(const Scene& scene, const Viewpoint& view, const Visible& visible)
      : scene_(scene), view_(view), visible_(visible), before_light_(scene.lights.size(), -1) {}

  Incoming incoming(size_t pixel) {
    const Vec3 normal = visible_.normal[pixel];
    const Vec3 point = visible_.point[pixel] + normal * kOffset;
    const Vec3 to_eye = normalized(view_.position - point);
    const float gloss = scene_.material(visible_.surface[pixel]).gloss;
    const Stratum stratum(pixel % visible_.width, pixel / visible_.width);
    Incoming sum{ambient(point, normal, stratum), {}};
    const auto add = [&](Vec3 direction, Vec3 irradiance) {
      sum.diffuse = sum.diffuse + irradiance * std::max(dot(normal, direction), 0.0f);
      if (gloss == 0) return;
      const float mirror = std::max(dot(normalized(direction + to_eye), normal), 0.0f);
      const float squared = mirror * mirror, fourth = squared * squared;
      const float lobe = fourth * fourth * fourth * fourth * fourth * fourth;
      sum.highlight = sum.highlight + irradiance * (gloss * lobe);
    };
    for (size_t i = 0; i < scene_.lights.size(); ++i) add_light(i, point, normal, stratum, add);
    add_sun(point, normal, add);
    return sum;
  }

 private:
  Vec3 ambient(Vec3 point, Vec3 normal, const Stratum& stratum) {
    const Vec3 side = std::abs(normal.z) < 0.7f ? Vec3{0, 0, 1} : Vec3{1, 0, 0};
    const Vec3 tangent = normalized(cross(side, normal)), other = cross(normal, tangent);
    const Vec3 direction =
        normalized(normal * 0.75f + tangent * (1.2f * stratum.a) + other * (1.2f * stratum.b));
    const float wall = std::min(leave_room(scene_, point, direction).distance, kReach);
    const bool blocked = occluded(scene_, point, direction, kReach, near_);
    const float open = blocked ? 0.25f : 0.45f + 0.55f * wall / kReach;
    // A little more from above, as light ceilings give.
    return scene_.ambient * (open * (0.85f + 0.15f * normal.z));
  }

  template <class Add>
  void add_light(size_t index, Vec3 point, Vec3 normal, const Stratum& stratum, const Add& add) {
    const Light& light = scene_.lights[index];
    const Vec3 from = light.centre + light.half_u * stratum.a + light.half_v * stratum.b;
    const Vec3 way = from - point;
    const float squared = dot(way, way), distance = std::sqrt(squared);
    const Vec3 direction = way * (1 / distance);
    if (dot(normal, direction) <= 0) return;
    float strength = 1 / std::max(squared, 0.05f);
    if (dot(light.facing, light.facing) > 0)
      strength *= std::max(-dot(light.facing, direction), 0.0f);
    if (strength * light.intensity.y < 0.004f) return;
    if (occluded(scene_, point, way, 0.98f, before_light_[index])) return;
    add(direction, light.intensity * strength);
  }

  template <class Add>
  void add_sun(Vec3 point, Vec3 normal, const Add& add) {
    if (scene_.sun_intensity.y == 0 || dot(normal, scene_.sun_direction) <= 0) return;
    const float limit = leave_room(scene_, point, scene_.sun_direction).distance - 0.06f;
    const Vec3 wall = point + scene_.sun_direction * limit;
    if (!through_opening(wall)) return;
    if (occluded(scene_, point, scene_.sun_direction, limit, before_sun_)) return;
    add(scene_.sun_direction, scene_.sun_intensity);
  }

  bool through_opening(Vec3 wall) const {
    return std::any_of(scene_.openings.begin(), scene_.openings.end(), [&](const Opening& opening) {
      const Vec3 off = wall - opening.centre;
      const float u = dot(off, opening.half_u) / dot(opening.half_u, opening.half_u);
      const float v = dot(off, opening.half_v) / dot(opening.half_v, opening.half_v);
      return std::abs(dot(off, opening.inward)) < 0.3f && std::abs(u) < 1 && std::abs(v) < 1;
    });
  }

  const Scene& scene_;
  const Viewpoint& view_;
  const Visible& visible_;
  // What stopped the ray of the pixel before.
  int near_ = -1, before_sun_ = -1;
  std::vector<int> before_light_;
};

// Mean over the 3 x 3 neighbours on the same surface that face the same way.
Incoming smoothed(const std::vector<Incoming>& light, const Visible& visible, int u, int v) {
  const size_t centre = static_cast<size_t>(v) * visible.width + u;
  Incoming sum;
  float count = 0;
  for (int y = std::max(v - 1, 0); y <= std::min(v + 1, visible.height - 1); ++y) {
    for (int x = std::max(u - 1, 0); x <= std::min(u + 1, visible.width - 1); ++x) {
      const size_t pixel = static_cast<size_t>(y) * visible.width + x;
      if (visible.surface[pixel] != visible.surface[centre]) continue;
      if (dot(visible.normal[pixel], visible.normal[centre]) < 0.8f) continue;
      sum.diffuse = sum.diffuse + light[pixel].diffuse;
      sum.highlight = sum.highlight + light[pixel].highlight;
      count += 1;
    }
  }
  return {sum.diffuse * (1 / count), sum.highlight * (1 / count)};
}

// Coordinates on the face of a box that a normal (in the box's frame) belongs to.
void set_face(SurfacePoint& at, Vec3 normal, Vec3 half) {
  const Vec3 p = at.local, n{std::abs(normal.x), std::abs(normal.y), std::abs(normal.z)};
  if (n.z >= n.x && n.z >= n.y) {
    at.u = p.x, at.v = p.y, at.s = p.x / half.x, at.t = p.y / half.y;
  } else if (n.y >= n.x) {
    at.u = p.x, at.v = p.z, at.s = p.x / half.x, at.t = p.z / half.z;
  } else {
    at.u = p.y, at.v = p.z, at.s = p.y / half.y, at.t = p.z / half.z;
  }
}

SurfacePoint surface_point(const Scene& scene, const Visible& visible, const Viewpoint& view,
                           size_t pixel) {
  const int surface = visible.surface[pixel];
  const Vec3 point = visible.point[pixel], normal = visible.normal[pixel];
  SurfacePoint at{};
  const float facing = -dot(normal, normalized(point - view.position));
  at.footprint = visible.depth[pixel] / (view.focal * std::max(facing, 0.15f));
  at.local = point;
  if (scene.is_side(surface)) {
    set_face(at, normal, scene.size);
    return at;
  }
  const Shape& shape = scene.shapes[surface];
  const Vec3 local_normal = shape.axes.to_local(normal);
  at.local = shape.axes.to_local(point - shape.centre);
  set_face(at, local_normal, shape.half);
  if (shape.solid == Solid::kCylinder && std::abs(local_normal.z) < 0.7f) {
    at.u = std::atan2(at.local.y, at.local.x) * shape.half.x;
    at.v = at.local.z;
  }
  return at;
}

}  // namespace

std::vector<Vec3> shade(const Scene& scene, const Viewpoint& view, const Visible& visible) {
  Shader shader(scene, view, visible);
  std::vector<Incoming> light(visible.depth.size());
  for (size_t i = 0; i < light.size(); ++i) light[i] = shader.incoming(i);
  std::vector<Vec3> radiance(light.size());
  for (size_t i = 0; i < light.size(); ++i) {
    const int u = static_cast<int>(i % visible.width), v = static_cast<int>(i / visible.width);
    const Material& material = scene.material(visible.surface[i]);
    const Vec3 colour = albedo(material, surface_point(scene, visible, view, i));
    const Incoming in = smoothed(light, visible, u, v);
    radiance[i] = colour * (in.diffuse + Vec3{1, 1, 1} * material.emission) + in.highlight;
  }
  return radiance;
}

}  // namespace tasuki::rooms
