// What is fastened to walls and ceilings.
#include <algorithm>

#include "datasets/rooms/furniture.h"

namespace tasuki::rooms {
namespace {

constexpr Label kWindow = Label::kWindow, kWall = Label::kWall, kObjects = Label::kObjects;

// Four bars around the rectangle between two corners, `wide` outwards and `deep` into the room.
void put_frame(Builder wall, Label label, int material, Vec3 low, Vec3 high, float wide,
               float deep) {
  const float x0 = low.x, x1 = high.x, z0 = low.z, z1 = high.z;
  wall.box(label, material, {x0 - wide, 0, z0 - wide}, {x0, deep, z1 + wide});
  wall.box(label, material, {x1, 0, z0 - wide}, {x1 + wide, deep, z1 + wide});
  wall.box(label, material, {x0, 0, z0 - wide}, {x1, deep, z0});
  wall.box(label, material, {x0, 0, z1}, {x1, deep, z1 + wide});
}

void put_curtains(Builder wall, float width, float low, float high) {
  Random& random = wall.random();
  const int cloth = wall.palette().any();
  const float foot = random.chance(0.5f) ? 0.04f : low - 0.12f;
  const float each = width * random.uniform(0.12f, 0.35f);
  for (const float side : {-1.0f, 1.0f}) {
    const int folds = static_cast<int>(each / 0.09f) + 2;
    for (int i = 0; i < folds; ++i) {
      const float x = side * (width / 2 + 0.15f - 0.09f * static_cast<float>(i));
      const float radius = random.uniform(0.045f, 0.06f);
      wall.cylinder(kWindow, cloth, {x, 0.1f, foot}, radius, high + 0.1f - foot);
    }
  }
  wall.box(kWindow, wall.palette().any(), {-width / 2 - 0.3f, 0.08f, high + 0.09f},
           {width / 2 + 0.3f, 0.12f, high + 0.13f});
}

// Lamellas over the upper part of the glass.
void put_blind(Builder wall, float width, float low, float high) {
  const int slats = wall.palette().light();
  const float end = high - (high - low) * wall.random().uniform(0.2f, 0.8f);
  for (float z = high - 0.03f; z > end; z -= 0.07f) {
    wall.box(kWindow, slats, {-width / 2, 0.03f, z}, {width / 2, 0.05f, z + 0.045f});
  }
}

void add_daylight(Builder wall, float width, float low, float high, float radiance) {
  Scene& scene = wall.scene();
  const Vec3 centre = wall.to_world({0, 0.08f, (low + high) / 2});
  const Vec3 half_u = wall.axes().x * (width / 2), half_v{0, 0, (high - low) / 2};
  const Vec3 colour{0.85f, 0.95f, 1.1f};
  scene.lights.push_back(
      {centre, half_u, half_v, wall.axes().y, colour * (radiance * width * (high - low))});
  scene.openings.push_back({centre, half_u, half_v, wall.axes().y});
}

}  // namespace

void build_window(Builder wall, float width, float low, float high) {
  Random& random = wall.random();
  const float x = width / 2, daylight = random.uniform(0.5f, 4.0f);
  const int frame = wall.palette().light(), glass = wall.palette().view(daylight);
  wall.box(kWindow, glass, {-x, -0.02f, low}, {x, 0.006f, high});
  put_frame(wall, kWindow, frame, {-x, 0, low}, {x, 0, high}, 0.07f, 0.05f);
  wall.box(kWindow, frame, {-x - 0.1f, 0, low - 0.1f}, {x + 0.1f, 0.14f, low - 0.06f});
  const int columns = random.integer(1, 3);
  for (int i = 1; i < columns; ++i) {
    const float bar = -x + width * static_cast<float>(i) / static_cast<float>(columns);
    wall.box(kWindow, frame, {bar - 0.025f, 0, low}, {bar + 0.025f, 0.04f, high});
  }
  if (random.chance(0.5f)) {
    const float bar = low + (high - low) * random.uniform(0.5f, 0.75f);
    wall.box(kWindow, frame, {-x, 0, bar - 0.025f}, {x, 0.04f, bar + 0.025f});
  }
  add_daylight(wall, width, low, high, daylight);
  if (random.chance(0.5f)) {
    put_curtains(wall, width, low, high);
  } else if (random.chance(0.4f)) {
    put_blind(wall, width, low, high);
  }
}

void build_door(Builder wall, float width, float height) {
  Random& random = wall.random();
  const int leaf = wall.palette().any(), frame = wall.palette().light();
  const int panels = random.chance(0.6f) ? leaf : wall.palette().any();
  const float x = width / 2;
  wall.box(kWall, leaf, {-x, 0, 0.005f}, {x, 0.015f, height});
  put_frame(wall, kWall, frame, {-x, 0, 0}, {x, 0, height}, 0.08f, 0.035f);
  const int rows = random.integer(0, 3);
  for (int i = 0; i < rows; ++i) {
    const float low = height * (0.08f + 0.88f * static_cast<float>(i) / static_cast<float>(rows));
    const float high = low + height * (0.88f / static_cast<float>(rows) - 0.05f);
    wall.box(kWall, panels, {-x + 0.12f, 0.01f, low}, {x - 0.12f, 0.03f, high});
  }
  const float handle = random.sign() * (x - 0.07f);
  const float inwards = handle > 0 ? -0.12f : 0.12f;
  wall.box(kWall, wall.palette().any(), {std::min(handle, handle + inwards), 0.05f, 1.0f},
           {std::max(handle, handle + inwards), 0.07f, 1.02f});
}

void build_picture(Builder wall, float width, float height, float z) {
  Random& random = wall.random();
  Palette& palette = wall.palette();
  const int frame = palette.any();
  const int canvas = random.chance(0.7f) ? palette.view(0) : palette.any();
  const float x = width / 2, y = height / 2, rim = random.uniform(0.015f, 0.06f);
  wall.box(Label::kPicture, frame, {-x, 0, z - y}, {x, 0.02f, z + y});
  if (random.chance(0.4f)) {
    const int mount = palette.light();
    wall.box(Label::kPicture, mount, {-x + rim, 0, z - y + rim}, {x - rim, 0.022f, z + y - rim});
  }
  const float inner = rim + random.uniform(0, 0.06f);
  wall.box(Label::kPicture, canvas, {-x + inner, 0, z - y + inner},
           {x - inner, 0.024f, z + y - inner});
}

void build_wall_tv(Builder wall, float width, float z) {
  put_tv(wall.at({0, 0.06f, z - width * 0.3f}), width);
}

void build_wall_shelf(Builder wall, float width, float z) {
  const int board = wall.palette().wood();
  wall.box(Label::kFurniture, board, {-width / 2, 0, z - 0.03f}, {width / 2, 0.24f, z});
  put_in_row(wall.at({0, 0.12f, z}), width, 0.24f, 0.3f);
}

void build_clock(Builder wall, float radius, float z) {
  Palette& palette = wall.palette();
  // Its axis runs into the room.
  Builder face = wall.turned({0, 0, z}, {{1, 0, 0}, {0, 0, -1}, {0, 1, 0}});
  face.cylinder(kObjects, palette.any(), {0, 0, 0}, radius, 0.03f);
  face.cylinder(kObjects, palette.light(), {0, 0, 0}, radius * 0.88f, 0.034f);
  const int hand = palette.plain({0.02f, 0.02f, 0.02f});
  face.at({0, 0, 0}, wall.random().uniform(0, 6.28f))
      .box(kObjects, hand, {-0.008f, 0, 0}, {0.008f, radius * 0.75f, 0.038f});
  face.at({0, 0, 0}, wall.random().uniform(0, 6.28f))
      .box(kObjects, hand, {-0.01f, 0, 0}, {0.01f, radius * 0.5f, 0.038f});
}

void build_ceiling_lamp(Builder ceiling, float brightness) {
  Random& random = ceiling.random();
  const Vec3 colour{1.0f, random.uniform(0.75f, 0.98f), random.uniform(0.5f, 0.95f)};
  const int shade = ceiling.palette().plain(colour, 0, brightness > 0 ? 3.0f : 0.0f);
  const float radius = random.uniform(0.12f, 0.25f);
  float drop = 0.09f;
  if (random.chance(0.5f)) {
    ceiling.cylinder(kObjects, shade, {0, 0, -drop}, radius, drop, 0.1f).casts_shadow = false;
  } else {
    drop = random.uniform(0.35f, 0.7f);
    ceiling.cylinder(kObjects, ceiling.palette().any(), {0, 0, -drop}, 0.012f, drop);
    ceiling.ellipsoid(kObjects, shade, {0, 0, -drop}, {radius, radius, radius * 0.7f})
        .casts_shadow = false;
  }
  if (brightness <= 0) return;
  ceiling.scene().lights.push_back({ceiling.to_world({0, 0, -drop - 0.02f}),
                                    {radius, 0, 0},
                                    {0, radius, 0},
                                    {},
                                    colour * brightness});
}

}  // namespace tasuki::rooms
