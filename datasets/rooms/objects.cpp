#include <algorithm>

#include "datasets/rooms/furniture.h"

namespace tasuki::rooms {
namespace {

constexpr Label kBooks = Label::kBooks;
constexpr float kPi = 3.14159265f;

void put_pot(Builder place, float radius, float height) {
  const float taper = place.random().uniform(-0.2f, 0.3f);
  place.cylinder(Label::kObjects, place.palette().any(), {0, 0, 0}, radius, height, taper);
}

void put_bottle(Builder place) {
  Random& random = place.random();
  const float radius = random.uniform(0.03f, 0.05f), height = random.uniform(0.14f, 0.22f);
  const int material = place.palette().any();
  place.cylinder(Label::kObjects, material, {0, 0, 0}, radius, height);
  place.ellipsoid(Label::kObjects, material, {0, 0, height}, {radius, radius, radius});
  place.cylinder(Label::kObjects, material, {0, 0, height}, radius * 0.35f, 0.09f);
}

void put_bowl(Builder place) {
  Random& random = place.random();
  const float radius = random.uniform(0.08f, 0.16f);
  place.cylinder(Label::kObjects, place.palette().any(), {0, 0, 0}, radius * 0.8f, 0.08f, 0.3f);
  const int fruit = place.palette().any(), count = random.integer(0, 5);
  for (int i = 0; i < count; ++i) {
    const float angle = 2 * kPi * static_cast<float>(i) / 5;
    const Vec3 at{0.5f * radius * std::cos(angle), 0.5f * radius * std::sin(angle), 0.09f};
    place.ellipsoid(Label::kObjects, fruit, at, {0.04f, 0.04f, 0.04f});
  }
}

void put_pile_of_books(Builder place) {
  Random& random = place.random();
  const int count = random.integer(1, 6);
  float z = 0;
  for (int i = 0; i < count; ++i) {
    const float thick = random.uniform(0.015f, 0.05f);
    const Vec3 half{random.uniform(0.08f, 0.15f), random.uniform(0.1f, 0.17f), 0};
    Builder book = place.at({0, 0, z}, random.uniform(-0.5f, 0.5f));
    book.box(kBooks, place.palette().any(), -half, half + Vec3{0, 0, thick});
    z += thick;
  }
}

void put_laptop(Builder place) {
  const int body = place.palette().any(), screen = place.palette().view(1);
  place.box(Label::kObjects, body, {-0.17f, -0.12f, 0}, {0.17f, 0.12f, 0.018f});
  Builder lid = place.turned({0, -0.12f, 0.015f}, turn_x(0.3f));
  lid.box(Label::kObjects, body, {-0.17f, -0.01f, 0}, {0.17f, 0, 0.23f});
  lid.box(Label::kObjects, screen, {-0.155f, -0.005f, 0.015f}, {0.155f, 0.002f, 0.215f});
}

void put_carton(Builder place, float size) {
  Random& random = place.random();
  const Vec3 half{size * random.uniform(0.3f, 0.5f), size * random.uniform(0.3f, 0.5f), 0};
  const Vec3 height{0, 0, size * random.uniform(0.4f, 1.0f)};
  place.box(Label::kObjects, place.palette().any(), -half, half + height);
}

void put_vase(Builder place) {
  Random& random = place.random();
  const float radius = random.uniform(0.05f, 0.09f), height = random.uniform(0.1f, 0.16f);
  const int material = place.palette().any();
  place.ellipsoid(Label::kObjects, material, {0, 0, height * 0.9f},
                  {radius, radius, height * 0.9f});
  place.cylinder(Label::kObjects, material, {0, 0, height * 1.5f}, radius * 0.5f, height * 0.5f,
                 0.2f);
}

void put_leaves(Builder place, float height, float spread, int count) {
  Random& random = place.random();
  const int material = place.palette().any(), stem = place.palette().any();
  place.cylinder(Label::kObjects, stem, {0, 0, 0}, 0.015f, height);
  for (int i = 0; i < count; ++i) {
    const float yaw = random.uniform(0, 2 * kPi), lift = random.uniform(-0.3f, 1.1f);
    const float reach = spread * random.uniform(0.35f, 0.6f), z = random.uniform(0.5f, 1.0f);
    place.at({0, 0, height * z}, yaw)
        .turned({}, turn_x(lift))
        .ellipsoid(Label::kObjects, material, {0, reach, 0}, {reach * 0.35f, reach, 0.012f});
  }
}

void put_something(Builder place) {
  switch (place.random().integer(0, 8)) {
    case 0:
      return put_bottle(place);
    case 1:
      return put_bowl(place);
    case 2:
      return put_laptop(place);
    case 3:
      return put_carton(place, 0.25f);
    case 4:
      return put_vase(place);
    case 5:
      put_pot(place, 0.07f, 0.12f);
      return put_leaves(place, 0.25f, 0.3f, 7);
    case 6:
      return put_pot(place, 0.04f, 0.1f);
    default:
      return put_pile_of_books(place);
  }
}

}  // namespace

void put_on_top(Builder top, float width, float depth, int count) {
  // Each has a cell of its own along x.
  const float cell = width / static_cast<float>(std::max(count, 1));
  for (int i = 0; i < count; ++i) {
    const float jitter = top.random().uniform(-0.2f, 0.2f) * cell;
    const float x = -width / 2 + cell * (static_cast<float>(i) + 0.5f) + jitter;
    const float y = top.random().uniform(-0.5f, 0.5f) * std::max(depth - 0.3f, 0.0f);
    put_something(top.at({x, y, 0}, top.random().uniform(-0.6f, 0.6f)));
  }
}

void put_in_row(Builder row, float width, float depth, float height) {
  Random& random = row.random();
  float x = -width / 2 + random.uniform(0, 0.15f) * width;
  const float end = width / 2 - random.uniform(0, 0.35f) * width;
  const float usual = height * random.uniform(0.6f, 0.9f);
  while (x < end - 0.05f) {
    if (random.chance(0.07f)) {
      if (width / 2 - x > 0.3f && height > 0.2f) put_carton(row.at({x + 0.12f, 0, 0}), 0.2f);
      x += 0.28f;
      continue;
    }
    const float thick = random.uniform(0.02f, 0.065f);
    const float tall = std::min(usual * random.uniform(0.8f, 1.15f), height);
    const float front = -depth / 2 + depth * random.uniform(0.65f, 0.9f);
    row.box(kBooks, row.palette().any(), {x, -depth / 2 + 0.015f, 0}, {x + thick, front, tall});
    x += thick + 0.002f;
  }
}

void put_lamp(Builder place) {
  Random& random = place.random();
  Palette& palette = place.palette();
  const float stand = random.uniform(0.18f, 0.3f), radius = random.uniform(0.09f, 0.15f);
  place.cylinder(Label::kObjects, palette.any(), {0, 0, 0}, 0.07f, 0.03f);
  place.cylinder(Label::kObjects, palette.any(), {0, 0, 0}, 0.02f, stand);
  const bool lit = random.chance(0.4f);
  const int shade = lit ? palette.plain({0.95f, 0.8f, 0.55f}, 0, 2.5f) : palette.any();
  Shape& cover = place.cylinder(Label::kObjects, shade, {0, 0, stand}, radius, 0.2f, -0.2f);
  cover.casts_shadow = !lit;
  if (!lit) return;
  place.scene().lights.push_back({cover.centre,
                                  {0.08f, 0, 0},
                                  {0, 0.08f, 0},
                                  {},
                                  Vec3{0.9f, 0.7f, 0.4f} * random.uniform(0.3f, 0.9f)});
}

void build_floor_lamp(Builder place, float width, float /*depth*/) {
  Random& random = place.random();
  const float height = random.uniform(1.2f, 1.6f);
  const int metal = place.palette().any();
  place.cylinder(Label::kObjects, metal, {0, 0, 0}, width * 0.4f, 0.03f);
  place.cylinder(Label::kObjects, metal, {0, 0, 0}, 0.015f, height - 0.2f);
  put_lamp(place.at({0, 0, height - 0.25f}));
}

void build_plant(Builder place, float width, float /*depth*/) {
  Random& random = place.random();
  const float height = random.uniform(0.4f, 1.2f);
  put_pot(place, width * 0.32f, 0.3f);
  put_leaves(place.at({0, 0, 0.28f}), height, width * 1.1f, random.integer(8, 18));
}

void build_floor_clutter(Builder place, float width, float /*depth*/) {
  Random& random = place.random();
  switch (random.integer(0, 4)) {
    case 0:
      put_carton(place, width);
      return;
    case 1:
      return put_pile_of_books(place);
    case 2: {
      const float radius = width * 0.35f;
      place.ellipsoid(Label::kObjects, place.palette().any(), {0, 0, radius},
                      {radius, radius, radius});
      return;
    }
    case 3:
      return put_pot(place, width * 0.35f, random.uniform(0.25f, 0.45f));
    default:
      return put_cushion(place, width, true);
  }
}

void build_rug(Builder place, float width, float depth) {
  const int material = place.palette().any();
  if (place.random().chance(0.25f)) {
    place.cylinder(Label::kFloor, material, {0, 0, 0}, depth / 2, 0.012f).casts_shadow = false;
    return;
  }
  const float x = width / 2, y = depth / 2;
  place.box(Label::kFloor, material, {-x, -y, 0}, {x, y, 0.01f}).casts_shadow = false;
  if (!place.random().chance(0.5f)) return;
  const int inner = place.palette().any();
  const float s = x - 0.15f, t = y - 0.15f;
  place.box(Label::kFloor, inner, {-s, -t, 0}, {s, t, 0.012f}).casts_shadow = false;
}

}  // namespace tasuki::rooms
