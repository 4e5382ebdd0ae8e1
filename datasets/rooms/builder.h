#pragma once

#include "datasets/rooms/scene.h"

namespace tasuki::rooms {

// Adds shapes to a scene in a frame of its own: a piece of furniture is written down once, standing
// at its origin, and built wherever the frame is. In a frame, z is up; furniture has its back
// towards -y and its front towards +y.
class Builder {
 public:
  Builder(Scene& scene, Palette& palette, Random& random)
      : scene_(&scene), palette_(&palette), random_(&random) {}

  // The frame moved by `offset` and then turned counter-clockwise by `yaw` radians.
  Builder at(Vec3 offset, float yaw = 0) const;
  // The frame moved by `offset` and then turned in any way.
  Builder turned(Vec3 offset, const Basis& turn) const;

  // The box between two corners.
  Shape& box(Label label, int material, Vec3 low, Vec3 high);
  // Stands on `foot`; the radius at the top is (1 + taper) / (1 - taper) times that at the foot,
  // and `radius` is their mean.
  Shape& cylinder(Label label, int material, Vec3 foot, float radius, float height,
                  float taper = 0);
  Shape& ellipsoid(Label label, int material, Vec3 centre, Vec3 half);

  Vec3 to_world(Vec3 local) const { return origin_ + axes_.to_world(local); }
  const Basis& axes() const { return axes_; }
  Scene& scene() { return *scene_; }
  Palette& palette() { return *palette_; }
  Random& random() { return *random_; }

 private:
  Shape& add(Solid solid, Label label, int material, Vec3 centre, Vec3 half);

  Scene* scene_;
  Palette* palette_;
  Random* random_;
  Vec3 origin_;
  Basis axes_;
};

}  // namespace tasuki::rooms
