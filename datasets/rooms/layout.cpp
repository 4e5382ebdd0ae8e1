#include "datasets/rooms/layout.h"

#include <algorithm>
#include <optional>

#include "datasets/rooms/floor_plan.h"
#include "datasets/rooms/furniture.h"

namespace tasuki::rooms {
namespace {

// A kind of furniture and how often a room of each use has it.
struct Piece {
  void (*build)(Builder place, float width, float depth);
  float width_low, width_high, depth_low, depth_high;
  bool at_wall;
  float chance[4];  // bedroom, living room, dining room, study
  int most;
};

constexpr Piece kPieces[] = {
    {build_bed, 1.0f, 1.9f, 1.95f, 2.1f, true, {1.0f, 0.15f, 0.05f, 0.4f}, 1},
    {build_sofa, 1.4f, 2.4f, 0.8f, 1.0f, true, {0.2f, 1.0f, 0.25f, 0.3f}, 2},
    {build_table, 1.0f, 1.9f, 0.8f, 1.0f, false, {0.1f, 0.3f, 1.0f, 0.2f}, 1},
    {build_tv_stand, 1.0f, 1.7f, 0.4f, 0.5f, true, {0.7f, 0.95f, 0.3f, 0.4f}, 1},
    {build_wardrobe, 0.9f, 1.8f, 0.5f, 0.65f, true, {0.6f, 0.15f, 0.15f, 0.2f}, 1},
    {build_desk, 1.1f, 1.6f, 0.6f, 0.75f, true, {0.4f, 0.2f, 0.05f, 0.95f}, 1},
    {build_shelf, 0.6f, 1.6f, 0.26f, 0.36f, true, {0.55f, 0.65f, 0.5f, 0.9f}, 2},
    {build_cabinet, 0.6f, 1.5f, 0.4f, 0.5f, true, {0.5f, 0.4f, 0.7f, 0.4f}, 2},
    {build_bedside, 0.4f, 0.55f, 0.36f, 0.45f, true, {0.8f, 0.2f, 0.1f, 0.2f}, 2},
    {build_coffee_table, 0.7f, 1.2f, 0.5f, 0.7f, false, {0.15f, 0.7f, 0.1f, 0.15f}, 1},
    {build_chair, 0.42f, 0.52f, 0.45f, 0.52f, false, {0.6f, 0.5f, 0.6f, 0.7f}, 3},
    {build_stool, 0.32f, 0.42f, 0.32f, 0.42f, false, {0.2f, 0.2f, 0.3f, 0.2f}, 2},
    {build_plant, 0.35f, 0.55f, 0.35f, 0.55f, true, {0.3f, 0.5f, 0.4f, 0.4f}, 2},
    {build_floor_lamp, 0.35f, 0.4f, 0.35f, 0.4f, true, {0.25f, 0.5f, 0.2f, 0.4f}, 1},
    {build_floor_clutter, 0.3f, 0.55f, 0.3f, 0.55f, false, {0.6f, 0.5f, 0.4f, 0.6f}, 4},
};

class Layout {
 public:
  Layout(Scene& scene, Random& random, float clutter)
      : scene_(scene),
        random_(random),
        clutter_(clutter),
        palette_(random, scene.materials),
        plan_(scene.size),
        room_(scene, palette_, random) {}

  void build() {
    cover_sides();
    shape_walls();
    cut_walls();
    if (random_.chance(0.55f)) lay_rug();
    furnish();
    hang();
    light_up();
  }

 private:
  Builder on_wall(int wall, float along) {
    const auto place = plan_.wall_place(wall, along);
    return room_.at(place.centre, place.yaw);
  }

  void cover_sides() {
    const int paper = palette_.light();
    for (int wall = 0; wall < 4; ++wall) {
      scene_.sides[wall] = random_.chance(0.75f) ? paper : palette_.light();
    }
    scene_.sides[kFloor] = palette_.any();
    scene_.sides[kCeiling] = palette_.light();
    skirting_ = random_.chance(0.7f) ? palette_.light() : -1;
  }

  // Columns, chimney breasts, beams, skirtings: rooms are seldom plain boxes.
  void shape_walls() {
    const float high = scene_.size.z;
    const int count = random_.integer(0, 2);
    for (int i = 0; i < count; ++i) {
      const float width = random_.uniform(0.3f, 1.5f), depth = random_.uniform(0.2f, 0.6f);
      const auto place = plan_.along_wall(random_, width, depth);
      if (!place) continue;
      room_.at(place->centre, place->yaw)
          .box(Label::kWall, scene_.sides[random_.integer(0, 3)],
               {-width / 2, -depth / 2 - 0.1f, 0}, {width / 2, depth / 2, high});
    }
    if (random_.chance(0.25f)) add_beams(high);
    for (int wall = 0; wall < 4 && skirting_ >= 0; ++wall) {
      const float half = plan_.wall_length(wall) / 2;
      on_wall(wall, half)
          .box(Label::kWall, skirting_, {-half, 0, 0}, {half, 0.015f, 0.09f})
          .casts_shadow = false;
    }
  }

  void add_beams(float high) {
    const int wood = palette_.wood();
    const float pitch = random_.uniform(0.8f, 1.5f);
    for (float x = pitch / 2; x < scene_.size.x; x += pitch) {
      room_.box(Label::kCeiling, wood, {x - 0.08f, 0, high - 0.15f},
                {x + 0.08f, scene_.size.y, high});
    }
  }

  // Doors and windows.
  void cut_walls() {
    const int doors = random_.integer(1, 2), windows = random_.integer(1, 3);
    for (int i = 0; i < doors; ++i) {
      const int wall = random_.integer(0, 3);
      const float width = random_.uniform(0.75f, 1.0f), height = random_.uniform(1.95f, 2.1f);
      const auto along = plan_.on_wall(random_, wall, width + 0.16f);
      if (!along) continue;
      // Keep the way through the door free.
      auto way = plan_.wall_place(wall, *along);
      way.centre = way.centre + turn_z(way.yaw).y * 0.4f;
      if (plan_.take(way, width, 0.75f, 0)) build_door(on_wall(wall, *along), width, height);
    }
    for (int i = 0; i < windows; ++i) {
      const int wall = random_.integer(0, 3);
      const float width = random_.uniform(0.7f, 2.0f), low = random_.uniform(0.2f, 1.1f);
      const float high = std::min(scene_.size.z - 0.25f, low + random_.uniform(0.9f, 1.6f));
      const auto along = plan_.on_wall(random_, wall, width + 0.5f);
      if (along) build_window(on_wall(wall, *along), width, low, high);
    }
  }

  void lay_rug() {
    const float width = random_.uniform(1.2f, scene_.size.x * 0.7f);
    const float depth = random_.uniform(0.9f, scene_.size.y * 0.6f);
    const float yaw = random_.uniform(-0.2f, 0.2f);
    const Vec3 shift{random_.uniform(-0.6f, 0.6f), random_.uniform(-0.6f, 0.6f), 0};
    build_rug(room_.at(scene_.size * Vec3{0.5f, 0.5f, 0} + shift, yaw), width, depth);
  }

  void furnish() {
    const int use = random_.integer(0, 3);
    for (const Piece& piece : kPieces) {
      for (int i = 0; i < piece.most; ++i) {
        if (random_.chance(std::min(1.0f, piece.chance[use] * clutter_))) furnish(piece);
      }
    }
  }

  void furnish(const Piece& piece) {
    const float width = random_.uniform(piece.width_low, piece.width_high);
    const float depth = random_.uniform(piece.depth_low, piece.depth_high);
    // Chairs stand before and behind a table.
    const float room = piece.build == build_table ? depth + 0.7f : depth;
    const auto place = piece.at_wall ? plan_.along_wall(random_, width, depth)
                                     : plan_.in_the_open(random_, width, room);
    if (!place) return;
    const float spread = piece.at_wall ? 0.02f : 0.35f;
    const float yaw = place->yaw + random_.uniform(-spread, spread);
    Builder stand = room_.at(place->centre, yaw);
    piece.build(stand, width, depth);
    if (piece.build == build_table) seat_table(stand, width, depth);
    if (piece.build == build_desk) seat(stand.at({0, depth / 2 + 0.25f, 0}, 3.14159f));
  }

  void seat(Builder place) {
    const float width = random_.uniform(0.42f, 0.5f), turn = random_.uniform(-0.4f, 0.4f);
    build_chair(place.at({0, 0, 0}, turn), width, width);
  }

  void seat_table(Builder table, float width, float depth) {
    const int chairs = width > 1.4f ? 2 : 1;
    for (const float side : {-1.0f, 1.0f}) {
      for (int i = 0; i < chairs; ++i) {
        const float x = chairs == 1 ? 0 : (static_cast<float>(i) - 0.5f) * width * 0.5f;
        const float away = depth / 2 + random_.uniform(0.05f, 0.35f);
        // The chair's front, +y, faces the table.
        if (random_.chance(0.85f)) seat(table.at({x, side * away, 0}, side > 0 ? 3.14159f : 0));
      }
    }
  }

  void hang() {
    const int count = static_cast<int>(clutter_ * static_cast<float>(random_.integer(3, 9)));
    for (int i = 0; i < count; ++i) {
      const int wall = random_.integer(0, 3);
      const float width = random_.uniform(0.3f, 1.2f), z = random_.uniform(1.35f, 1.75f);
      const auto along = plan_.on_wall(random_, wall, width);
      if (!along) continue;
      Builder place = on_wall(wall, *along);
      const float which = random_.uniform(0, 1);
      if (which < 0.6f) {
        build_picture(place, width, width * random_.uniform(0.6f, 1.3f), z);
      } else if (which < 0.71f) {
        build_wall_shelf(place, width, z);
      } else if (which < 0.9f) {
        build_wall_tv(place, std::max(width, 0.8f), z);
      } else {
        build_clock(place, random_.uniform(0.12f, 0.2f), z + 0.2f);
      }
    }
  }

  void light_up() {
    // Where there are no lamps and windows a room would be black.
    const bool needed = scene_.lights.empty();
    const float brightness = needed || random_.chance(0.65f) ? random_.uniform(1.5f, 5.0f) : 0;
    const Vec3 shift{random_.uniform(-0.8f, 0.8f), random_.uniform(-0.8f, 0.8f), 0};
    build_ceiling_lamp(room_.at(scene_.size * Vec3{0.5f, 0.5f, 1} + shift), brightness);
    const float warmth = random_.uniform(0.8f, 1.2f), ambient = random_.uniform(0.25f, 0.6f);
    scene_.ambient = Vec3{warmth, 1, 1 / warmth} * ambient;
    keep_brightest(3);
    if (scene_.openings.empty() || random_.chance(0.5f)) return;
    const Opening& opening = random_.pick(scene_.openings);
    const Vec3 across = cross(opening.inward, {0, 0, 1});
    const float lift = random_.uniform(0.35f, 1.1f), slant = random_.uniform(-0.9f, 0.9f);
    scene_.sun_direction = normalized(-opening.inward + across * slant + Vec3{0, 0, lift});
    scene_.sun_intensity = Vec3{1.0f, 0.9f, 0.7f} * random_.uniform(1.5f, 5.0f);
  }

  // Every light costs a shadow ray per pixel.
  void keep_brightest(size_t count) {
    auto& lights = scene_.lights;
    std::stable_sort(lights.begin(), lights.end(),
                     [](const Light& a, const Light& b) { return a.intensity.y > b.intensity.y; });
    if (lights.size() > count) lights.resize(count);
  }

  Scene& scene_;
  Random& random_;
  float clutter_;
  Palette palette_;
  FloorPlan plan_;
  Builder room_;
  int skirting_ = -1;
};

}  // namespace

Scene build_scene(Random& random, float clutter) {
  Scene scene;
  scene.size = {random.uniform(3, 6.5f), random.uniform(3, 6.5f), random.uniform(2.3f, 3.0f)};
  Layout(scene, random, clutter).build();
  scene.casters = Tree(scene.shapes);
  return scene;
}

}  // namespace tasuki::rooms
