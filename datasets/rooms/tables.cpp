#include "datasets/rooms/furniture.h"

namespace tasuki::rooms {
namespace {

constexpr Label kTable = Label::kTable;

void put_round_top(Builder place, float radius, float height, int material) {
  place.cylinder(kTable, material, {0, 0, height - 0.035f}, radius, 0.035f);
  place.cylinder(kTable, material, {0, 0, 0.03f}, 0.05f, height - 0.06f);
  place.cylinder(kTable, material, {0, 0, 0}, radius * 0.5f, 0.04f, -0.3f);
}

void put_square_top(Builder place, Vec3 size, int top, int legs) {
  const float x = size.x / 2, y = size.y / 2;
  place.box(kTable, top, {-x, -y, size.z - 0.04f}, {x, y, size.z});
  put_legs(place, kTable, legs, {size.x - 0.06f, size.y - 0.06f, size.z - 0.04f});
  if (!place.random().chance(0.6f)) return;
  for (const float side : {-1.0f, 1.0f}) {
    const float edge = side * (y - 0.06f);
    place.box(kTable, legs, {-x + 0.05f, edge - 0.01f, size.z - 0.13f},
              {x - 0.05f, edge + 0.01f, size.z - 0.04f});
  }
}

void put_table(Builder place, float width, float depth, float height) {
  Random& random = place.random();
  const int top = place.palette().wood();
  const int legs = random.chance(0.6f) ? top : place.palette().any();
  if (width < 1.3f && random.chance(0.35f)) {
    put_round_top(place, depth / 2, height, top);
    put_on_top(place.at({0, 0, height}), depth * 0.6f, depth * 0.6f, random.integer(0, 4));
    return;
  }
  put_square_top(place, {width, depth, height}, top, legs);
  put_on_top(place.at({0, 0, height}), width, depth, random.integer(0, 5));
}

}  // namespace

void put_legs(Builder place, Label label, int material, Vec3 top) {
  const float thick = place.random().uniform(0.018f, 0.035f);
  const bool round = place.random().chance(0.4f);
  for (const float sx : {-1.0f, 1.0f}) {
    for (const float sy : {-1.0f, 1.0f}) {
      const Vec3 foot{sx * (top.x / 2 - thick), sy * (top.y / 2 - thick), 0};
      if (round) {
        place.cylinder(label, material, foot, thick, top.z, 0.2f);
      } else {
        place.box(label, material, foot - Vec3{thick, thick, 0}, foot + Vec3{thick, thick, top.z});
      }
    }
  }
}

void build_table(Builder place, float width, float depth) {
  put_table(place, width, depth, place.random().uniform(0.7f, 0.8f));
}

void build_coffee_table(Builder place, float width, float depth) {
  put_table(place, width, depth, place.random().uniform(0.34f, 0.48f));
}

void build_desk(Builder place, float width, float depth) {
  Random& random = place.random();
  const int body = place.palette().wood(), front = place.palette().any();
  const float x = width / 2, y = depth / 2, height = random.uniform(0.7f, 0.78f);
  place.box(kTable, body, {-x, -y, height - 0.03f}, {x, y, height});
  place.box(kTable, body, {-x + 0.02f, -y + 0.02f, 0.25f}, {x - 0.02f, -y + 0.04f, height - 0.03f});
  for (const float side : {-1.0f, 1.0f}) {
    const float edge = side * (x - 0.015f);
    place.box(kTable, body, {edge - 0.015f, -y, 0}, {edge + 0.015f, y, height - 0.03f});
  }
  const float side = random.sign();
  const float low = side > 0 ? x - 0.43f : -x + 0.03f;
  for (int i = 0; i < 3; ++i) {
    const float z = 0.06f + 0.2f * static_cast<float>(i);
    place.box(kTable, front, {low, -y + 0.05f, z}, {low + 0.4f, y - 0.02f, z + 0.185f});
    place.box(kTable, body, {low + 0.14f, y - 0.02f, z + 0.11f}, {low + 0.26f, y, z + 0.125f});
  }
  put_on_top(place.at({0, -0.05f, height}), width, depth * 0.8f, random.integer(2, 6));
  if (random.chance(0.5f)) put_lamp(place.at({-side * (x - 0.2f), -y + 0.2f, height}));
}

}  // namespace tasuki::rooms
