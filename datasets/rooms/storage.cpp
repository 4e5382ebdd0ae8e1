#include <algorithm>

#include "datasets/rooms/furniture.h"

namespace tasuki::rooms {
namespace {

constexpr Label kFurniture = Label::kFurniture;

// A closed box on a plinth, its front divided into columns x rows of doors or drawers.
void put_body(Builder place, Vec3 size, int columns, int rows) {
  Palette& palette = place.palette();
  const int body = palette.wood(), handles = palette.any();
  const int fronts = place.random().chance(0.6f) ? body : palette.any();
  const float x = size.x / 2, y = size.y / 2, plinth = 0.06f;
  place.box(kFurniture, body, {-x + 0.02f, -y, 0}, {x - 0.02f, y - 0.05f, plinth});
  place.box(kFurniture, body, {-x, -y, plinth}, {x, y - 0.02f, size.z});
  const float pitch_x = size.x / static_cast<float>(columns);
  const float pitch_z = (size.z - plinth) / static_cast<float>(rows);
  for (int i = 0; i < columns * rows; ++i) {
    const float left = -x + pitch_x * static_cast<float>(i % columns);
    const float low = plinth + pitch_z * static_cast<float>(i / columns);
    place.box(kFurniture, fronts, {left + 0.01f, y - 0.03f, low + 0.01f},
              {left + pitch_x - 0.01f, y, low + pitch_z - 0.01f});
    const bool door = pitch_z > 0.5f;
    const float hx = left + pitch_x * (!door ? 0.5f : (i % 2 == 0 ? 0.88f : 0.12f));
    const float hz = low + pitch_z * 0.55f;
    const Vec3 half = door ? Vec3{0.012f, 0, 0.06f} : Vec3{0.06f, 0, 0.012f};
    place.box(kFurniture, handles, Vec3{hx, y, hz} - half, Vec3{hx, y + 0.025f, hz} + half);
  }
}

}  // namespace

void build_shelf(Builder place, float width, float depth) {
  Random& random = place.random();
  const float x = width / 2, y = depth / 2, height = random.uniform(0.8f, 2.1f);
  const int wood = place.palette().wood();
  const int levels = std::max(2, static_cast<int>(height / random.uniform(0.32f, 0.45f)));
  const float pitch = (height - 0.08f) / static_cast<float>(levels);
  if (random.chance(0.7f)) place.box(kFurniture, wood, {-x, -y, 0}, {x, -y + 0.01f, height});
  for (const float side : {-1.0f, 1.0f}) {
    const float edge = side * (x - 0.012f);
    place.box(kFurniture, wood, {edge - 0.012f, -y, 0}, {edge + 0.012f, y, height});
  }
  for (int i = 0; i <= levels; ++i) {
    const float z = 0.06f + pitch * static_cast<float>(i);
    place.box(kFurniture, wood, {-x, -y, z - 0.02f}, {x, y - 0.005f, z});
    if (i == levels && height > 1.6f) continue;
    put_in_row(place.at({0, 0, z}), width - 0.06f, depth, i == levels ? 0.3f : pitch - 0.03f);
  }
}

void build_cabinet(Builder place, float width, float depth) {
  Random& random = place.random();
  const float height = random.uniform(0.7f, 1.1f);
  const int columns = std::max(1, static_cast<int>(width / 0.5f));
  put_body(place, {width, depth, height}, columns, random.integer(1, 4));
  put_on_top(place.at({0, 0, height}), width, depth, random.integer(1, 4));
  if (random.chance(0.35f)) put_lamp(place.at({random.sign() * (width / 2 - 0.2f), 0, height}));
}

void build_wardrobe(Builder place, float width, float depth) {
  const float height = place.random().uniform(1.8f, 2.2f);
  put_body(place, {width, depth, height}, std::max(2, static_cast<int>(width / 0.5f)), 1);
}

void build_tv_stand(Builder place, float width, float depth) {
  Random& random = place.random();
  const float height = random.uniform(0.35f, 0.6f);
  put_body(place, {width, depth, height}, std::max(2, static_cast<int>(width / 0.55f)), 1);
  const float screen = width * random.uniform(0.55f, 0.9f);
  put_tv(place.at({0, -0.05f, height}, random.uniform(-0.15f, 0.15f)), screen);
}

void build_bedside(Builder place, float width, float depth) {
  const float height = place.random().uniform(0.45f, 0.65f);
  put_body(place, {width, depth, height}, 1, place.random().integer(1, 3));
  if (place.random().chance(0.7f)) put_lamp(place.at({0, -0.05f, height}));
  put_on_top(place.at({0, 0.08f, height}), width, depth * 0.4f, place.random().integer(0, 2));
}

void put_tv(Builder place, float width) {
  Random& random = place.random();
  Palette& palette = place.palette();
  const float x = width / 2, height = width * random.uniform(0.56f, 0.68f), rim = 0.02f;
  const float grey = random.uniform(0.01f, 0.12f);
  const int body = random.chance(0.7f) ? palette.plain({grey, grey, grey}, 0.4f) : palette.any();
  const float dark = random.uniform(0.01f, 0.04f);
  const int screen = random.chance(0.45f) ? palette.view(random.uniform(0.6f, 2.0f))
                                          : palette.plain({dark, dark, dark * 1.1f}, 0.9f);
  place.box(Label::kTv, body, {-x * 0.4f, -0.1f, 0}, {x * 0.4f, 0.1f, 0.015f});
  place.box(Label::kTv, body, {-0.04f, -0.03f, 0}, {0.04f, 0.0f, 0.1f});
  place.box(Label::kTv, body, {-x, -0.03f, 0.06f}, {x, 0.02f, 0.06f + height});
  place.box(Label::kTv, screen, {-x + rim, 0, 0.06f + rim},
            {x - rim, 0.023f, 0.06f + height - rim});
}

}  // namespace tasuki::rooms
