#include "datasets/rooms/scene.h"

namespace tasuki::rooms {

Label Scene::label(int surface) const {
  if (!is_side(surface)) return shapes[surface].label;
  const int side = side_of(surface);
  if (side == kFloor) return Label::kFloor;
  return side == kCeiling ? Label::kCeiling : Label::kWall;
}

const Material& Scene::material(int surface) const {
  return materials[is_side(surface) ? sides[side_of(surface)] : shapes[surface].material];
}

Exit leave_room(const Scene& scene, Vec3 origin, Vec3 direction) {
  const auto along = [](float o, float d, float size) {
    if (d == 0) return kMiss;
    return (d > 0 ? size - o : -o) / d;
  };
  const float x = along(origin.x, direction.x, scene.size.x);
  const float y = along(origin.y, direction.y, scene.size.y);
  const float z = along(origin.z, direction.z, scene.size.z);
  if (x <= y && x <= z) return {x, direction.x > 0 ? kWallX1 : kWallX0};
  if (y <= z) return {y, direction.y > 0 ? kWallY1 : kWallY0};
  return {z, direction.z > 0 ? kCeiling : kFloor};
}

Vec3 side_normal(int side) {
  constexpr Vec3 kNormals[6] = {{1, 0, 0},  {-1, 0, 0}, {0, 1, 0},
                                {0, -1, 0}, {0, 0, 1},  {0, 0, -1}};
  return kNormals[side];
}

bool occluded(const Scene& scene, Vec3 origin, Vec3 direction, float limit, int& likely) {
  const auto stops = [&](int index) {
    const Shape& shape = scene.shapes[index];
    return enter(shape, shape.unit_point(origin), shape.unit_direction(direction)) < limit;
  };
  if (likely >= 0 && stops(likely)) return true;
  likely = scene.casters.find(origin, direction, limit, stops);
  return likely >= 0;
}

}  // namespace tasuki::rooms
