#pragma once

#include <vector>

#include "datasets/rooms/material.h"
#include "datasets/rooms/shape.h"
#include "datasets/rooms/tree.h"

namespace tasuki::rooms {

// World frame: metres, z up, the floor at z = 0, one corner of the room at the origin.

// A light that shines from a rectangle centre +- half_u +- half_v: lamps, windows.
struct Light {
  Vec3 centre, half_u, half_v;
  Vec3 facing;     // windows shine to this side only; (0, 0, 0) for lamps, which shine all round
  Vec3 intensity;  // irradiance = intensity * cosines / distance^2
};

// The glass of a window, an opening for the sun.
struct Opening {
  Vec3 centre, half_u, half_v, inward;
};

// The sides of the room, as indices of Scene::sides.
enum Side { kWallX0, kWallX1, kWallY0, kWallY1, kFloor, kCeiling };

struct Scene {
  Vec3 size;                  // of the room
  int sides[6] = {};          // materials by Side
  std::vector<Shape> shapes;  // everything inside
  std::vector<Material> materials;
  std::vector<Light> lights;
  std::vector<Opening> openings;
  Vec3 sun_direction;  // towards the sun; intensity 0: no sun
  Vec3 sun_intensity;
  Vec3 ambient;
  Tree casters;  // of shapes

  // Surfaces have one number: shapes first, then the six sides.
  int surface_count() const { return static_cast<int>(shapes.size()) + 6; }
  bool is_side(int surface) const { return surface >= static_cast<int>(shapes.size()); }
  int side_of(int surface) const { return surface - static_cast<int>(shapes.size()); }
  Label label(int surface) const;
  const Material& material(int surface) const;
};

// Where a ray that starts inside the room meets its walls, floor or ceiling.
struct Exit {
  float distance;  // in lengths of the direction
  int side;
};
Exit leave_room(const Scene& scene, Vec3 origin, Vec3 direction);

// Inward unit normal of a side.
Vec3 side_normal(int side);

// Whether something that casts shadows lies between origin and origin + limit * direction.
// `likely` is a shape to try first, and becomes the one that was found: neighbouring rays are often
// stopped by the same shape. It changes the speed, not the answer; -1 for none.
bool occluded(const Scene& scene, Vec3 origin, Vec3 direction, float limit, int& likely);

}  // namespace tasuki::rooms
