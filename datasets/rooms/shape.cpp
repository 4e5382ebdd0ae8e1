#include "datasets/rooms/shape.h"

#include <algorithm>

namespace tasuki::rooms {
namespace {

float enter_box(Vec3 o, Vec3 d) {
  const Vec3 inverse{1 / d.x, 1 / d.y, 1 / d.z};
  const float x0 = (-1 - o.x) * inverse.x, x1 = (1 - o.x) * inverse.x;
  const float y0 = (-1 - o.y) * inverse.y, y1 = (1 - o.y) * inverse.y;
  const float z0 = (-1 - o.z) * inverse.z, z1 = (1 - o.z) * inverse.z;
  const float near = std::max(std::max(std::min(x0, x1), std::min(y0, y1)), std::min(z0, z1));
  const float far = std::min(std::min(std::max(x0, x1), std::max(y0, y1)), std::max(z0, z1));
  return near <= far && near > 0 ? near : kMiss;
}

float enter_ball(Vec3 o, Vec3 d) {
  const float a = dot(d, d), b = dot(o, d), c = dot(o, o) - 1;
  const float discriminant = b * b - a * c;
  if (discriminant < 0) return kMiss;
  const float t = (-b - std::sqrt(discriminant)) / a;
  return t > 0 ? t : kMiss;
}

float enter_caps(Vec3 o, Vec3 d, float taper) {
  // The ray enters through the cap that it comes from.
  const float z = d.z < 0 ? 1.0f : -1.0f;
  const float t = (z - o.z) / d.z;
  const float x = o.x + t * d.x, y = o.y + t * d.y, radius = 1 + taper * z;
  return t > 0 && x * x + y * y <= radius * radius ? t : kMiss;
}

float enter_side(Vec3 o, Vec3 d, float taper) {
  const float radius = 1 + taper * o.z;
  const float a = d.x * d.x + d.y * d.y - taper * taper * d.z * d.z;
  const float b = o.x * d.x + o.y * d.y - taper * radius * d.z;
  const float c = o.x * o.x + o.y * o.y - radius * radius;
  const float discriminant = b * b - a * c;
  if (discriminant < 0 || a == 0) return kMiss;
  const float root = std::sqrt(discriminant);
  float best = kMiss;
  for (const float t : {(-b - root) / a, (-b + root) / a}) {
    // Within the height, entering (the root where the implicit function falls).
    if (t > 0 && std::abs(o.z + t * d.z) <= 1 && a * t + b < 0) best = std::min(best, t);
  }
  return best;
}

// The face of the cube that the point is nearest to, among those turned towards the ray.
Vec3 box_gradient(Vec3 p, Vec3 d) {
  const float x = p.x * d.x < 0 ? std::abs(p.x) : 0;
  const float y = p.y * d.y < 0 ? std::abs(p.y) : 0;
  const float z = p.z * d.z < 0 ? std::abs(p.z) : 0;
  if (x >= y && x >= z) return {d.x < 0 ? 1.0f : -1.0f, 0, 0};
  if (y >= z) return {0, d.y < 0 ? 1.0f : -1.0f, 0};
  return {0, 0, d.z < 0 ? 1.0f : -1.0f};
}

Vec3 cylinder_gradient(Vec3 p, Vec3 d, float taper) {
  const float radius = 1 + taper * p.z;
  const Vec3 side{p.x, p.y, -taper * radius};
  const float off_side = std::abs(std::hypot(p.x, p.y) - radius);
  const float off_cap = std::abs(std::abs(p.z) - 1);
  const bool on_cap = p.z * d.z < 0 && (off_cap < off_side || dot(side, d) >= 0);
  return on_cap ? Vec3{0, 0, d.z < 0 ? 1.0f : -1.0f} : side;
}

}  // namespace

Vec3 Shape::bound() const {
  const float widest = 1 + std::abs(taper);
  return {half.x * widest, half.y * widest, half.z};
}

Vec3 Shape::extent() const {
  const Vec3 size = bound();
  const auto along = [&](float x, float y, float z) {
    return std::abs(x) * size.x + std::abs(y) * size.y + std::abs(z) * size.z;
  };
  return {along(axes.x.x, axes.y.x, axes.z.x), along(axes.x.y, axes.y.y, axes.z.y),
          along(axes.x.z, axes.y.z, axes.z.z)};
}

float enter(const Shape& shape, Vec3 origin, Vec3 direction) {
  if (shape.solid == Solid::kBox) return enter_box(origin, direction);
  if (shape.solid == Solid::kEllipsoid) return enter_ball(origin, direction);
  return std::min(enter_caps(origin, direction, shape.taper),
                  enter_side(origin, direction, shape.taper));
}

Vec3 surface_normal(const Shape& shape, Vec3 point, Vec3 direction) {
  Vec3 gradient = point;
  if (shape.solid == Solid::kBox) gradient = box_gradient(point, direction);
  if (shape.solid == Solid::kCylinder) {
    gradient = cylinder_gradient(point, direction, shape.taper);
  }
  return normalized(shape.axes.to_world(gradient * shape.inverse_half));
}

}  // namespace tasuki::rooms
