#pragma once

#include <limits>

#include "datasets/rooms/classes.h"
#include "datasets/rooms/vec3.h"

namespace tasuki::rooms {

constexpr float kMiss = std::numeric_limits<float>::infinity();

enum class Solid { kBox, kEllipsoid, kCylinder };

// A convex solid. In its *unit space* (local coordinates divided by `half`) it is the cube
// [-1, 1]^3, the unit ball, or the cylinder about z of radius 1 + taper * z, -1 <= z <= 1.
struct Shape {
  Solid solid = Solid::kBox;
  Vec3 centre;
  Basis axes;
  Vec3 half{1, 1, 1};          // metres
  Vec3 inverse_half{1, 1, 1};  // 1 / half
  float taper = 0;             // -1 < taper < 1
  Label label = Label::kObjects;
  int material = 0;
  bool casts_shadow = true;

  Vec3 unit_point(Vec3 world) const { return axes.to_local(world - centre) * inverse_half; }
  Vec3 unit_direction(Vec3 world) const { return axes.to_local(world) * inverse_half; }
  // Half sizes of the smallest box in the shape's own frame that holds it.
  Vec3 bound() const;
  // Half sizes of an axis-parallel box of the world that holds that box.
  Vec3 extent() const;
};

// The smallest t > 0 with origin + t * direction on the solid's surface, or kMiss; all in unit
// space. t itself is the same in world space.
float enter(const Shape& shape, Vec3 origin, Vec3 direction);

// Unit normal in world space at a point on the surface (unit space) that a ray of this direction
// (unit space) enters: only faces turned towards the ray are considered.
Vec3 surface_normal(const Shape& shape, Vec3 point, Vec3 direction);

}  // namespace tasuki::rooms
