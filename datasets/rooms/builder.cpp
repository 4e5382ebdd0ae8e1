#include "datasets/rooms/builder.h"

namespace tasuki::rooms {

Builder Builder::at(Vec3 offset, float yaw) const {
  return turned(offset, turn_z(yaw));
}

Builder Builder::turned(Vec3 offset, const Basis& turn) const {
  Builder moved = *this;
  moved.origin_ = to_world(offset);
  moved.axes_ = compose(axes_, turn);
  return moved;
}

Shape& Builder::box(Label label, int material, Vec3 low, Vec3 high) {
  return add(Solid::kBox, label, material, (low + high) * 0.5f, (high - low) * 0.5f);
}

Shape& Builder::cylinder(Label label, int material, Vec3 foot, float radius, float height,
                         float taper) {
  const Vec3 half{radius, radius, height / 2};
  Shape& shape = add(Solid::kCylinder, label, material, foot + Vec3{0, 0, height / 2}, half);
  shape.taper = taper;
  return shape;
}

Shape& Builder::ellipsoid(Label label, int material, Vec3 centre, Vec3 half) {
  return add(Solid::kEllipsoid, label, material, centre, half);
}

Shape& Builder::add(Solid solid, Label label, int material, Vec3 centre, Vec3 half) {
  Shape shape;
  shape.solid = solid;
  shape.centre = to_world(centre);
  shape.axes = axes_;
  shape.half = half;
  shape.inverse_half = Vec3{1, 1, 1} / half;
  shape.label = label;
  shape.material = material;
  scene_->shapes.push_back(shape);
  return scene_->shapes.back();
}

}  // namespace tasuki::rooms
