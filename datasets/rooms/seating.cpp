#include <algorithm>

#include "datasets/rooms/furniture.h"

namespace tasuki::rooms {
namespace {

constexpr Label kChair = Label::kChair, kSofa = Label::kSofa, kBed = Label::kBed;

void put_chair_back(Builder place, int material, float half, float seat, float height) {
  const Builder back =
      place.turned({0, -half + 0.03f, seat}, turn_x(place.random().uniform(0, 0.2f)));
  Builder slats = back;
  const int style = place.random().integer(0, 2);
  if (style == 0) {
    slats.box(kChair, material, {-half, -0.02f, 0.05f}, {half, 0.02f, height});
    return;
  }
  for (const float side : {-1.0f, 1.0f}) {
    const float x = side * (half - 0.02f);
    slats.box(kChair, material, {x - 0.02f, -0.02f, 0}, {x + 0.02f, 0.02f, height});
  }
  if (style == 1) {
    for (float z = 0.15f; z < height; z += 0.12f) {
      slats.box(kChair, material, {-half, -0.012f, z}, {half, 0.012f, z + 0.05f});
    }
    return;
  }
  slats.box(kChair, material, {-half, -0.02f, height - 0.07f}, {half, 0.02f, height});
  for (int i = -1; i <= 1; ++i) {
    const float x = 0.5f * half * static_cast<float>(i);
    slats.box(kChair, material, {x - 0.012f, -0.01f, 0}, {x + 0.012f, 0.01f, height - 0.05f});
  }
}

// The foot of an office chair: a column on five spokes.
void put_star_foot(Builder place, int material, float half, float seat) {
  place.cylinder(kChair, material, {0, 0, 0.08f}, 0.03f, seat - 0.1f);
  for (int i = 0; i < 5; ++i) {
    Builder spoke = place.at({0, 0, 0}, static_cast<float>(i) * 1.2566f);
    spoke.box(kChair, material, {0, -0.025f, 0.05f}, {half, 0.025f, 0.09f});
    spoke.ellipsoid(kChair, material, {half, 0, 0.035f}, {0.03f, 0.03f, 0.035f});
  }
}

void put_arms(Builder place, int material, float half, float seat) {
  for (const float side : {-1.0f, 1.0f}) {
    const float x = side * half;
    place.box(kChair, material, {x - 0.02f, half - 0.08f, seat},
              {x + 0.02f, half - 0.04f, seat + 0.22f});
    place.box(kChair, material, {x - 0.025f, -half, seat + 0.2f},
              {x + 0.025f, half, seat + 0.235f});
  }
}

void put_pillows(Builder place, float half_width, float back, float top) {
  const int count = half_width > 0.65f ? 2 : 1;
  const int material = place.palette().any();
  for (int i = 0; i < count; ++i) {
    const float x = count == 1 ? 0 : (static_cast<float>(i) - 0.5f) * half_width;
    const float yaw = place.random().uniform(-0.15f, 0.15f);
    place.at({x, back + 0.24f, top + 0.07f}, yaw)
        .ellipsoid(Label::kObjects, material, {0, 0, 0},
                   {std::min(0.36f, half_width), 0.22f, 0.09f});
  }
}

}  // namespace

void put_cushion(Builder place, float size, bool lying) {
  Random& random = place.random();
  const float lean = lying ? 1.5f : random.uniform(0.15f, 0.5f);
  const int material = place.palette().any();
  Builder cushion = place.at({0, 0, 0}, random.uniform(-0.4f, 0.4f)).turned({}, turn_x(lean));
  cushion.ellipsoid(Label::kObjects, material, {0, 0, size * (lying ? 0.0f : 0.45f)},
                    {size * 0.5f, size * 0.18f, size * 0.5f});
}

void build_chair(Builder place, float width, float /*depth*/) {
  Random& random = place.random();
  const float half = width / 2, seat = random.uniform(0.42f, 0.5f);
  const float height = random.uniform(0.35f, 0.55f);
  const int frame = place.palette().wood();
  const int cover = random.chance(0.6f) ? place.palette().any() : frame;
  place.box(kChair, cover, {-half, -half, seat - 0.05f}, {half, half, seat});
  if (random.chance(0.25f)) {
    put_star_foot(place, frame, half, seat);
  } else {
    put_legs(place, kChair, frame, {width - 0.03f, width - 0.03f, seat - 0.05f});
  }
  put_chair_back(place, random.chance(0.5f) ? frame : cover, half, seat, height);
  if (random.chance(0.3f)) put_arms(place, frame, half, seat);
}

void build_stool(Builder place, float width, float /*depth*/) {
  Random& random = place.random();
  const float seat = random.uniform(0.4f, 0.7f);
  const int material = place.palette().wood();
  place.cylinder(kChair, place.palette().any(), {0, 0, seat - 0.06f}, width / 2, 0.06f);
  put_legs(place, kChair, material, {width * 0.7f, width * 0.7f, seat - 0.06f});
}

void build_sofa(Builder place, float width, float depth) {
  Random& random = place.random();
  const int cover = place.palette().any();
  const int seats = random.chance(0.7f) ? cover : place.palette().any();
  const float x = width / 2, y = depth / 2, arm = random.uniform(0.1f, 0.24f);
  const float seat = random.uniform(0.36f, 0.46f), back = seat + random.uniform(0.3f, 0.5f);
  const float arm_top = seat + random.uniform(0.1f, 0.28f);
  place.box(kSofa, cover, {-x, -y, 0.07f}, {x, y - 0.03f, seat - 0.12f});
  place.box(kSofa, cover, {-x, -y, 0.1f}, {x, -y + 0.2f, back});
  const bool round = random.chance(0.4f);
  for (const float side : {-1.0f, 1.0f}) {
    const float middle = side * (x - arm / 2);
    place.box(kSofa, cover, {middle - arm / 2, -y, 0.05f}, {middle + arm / 2, y, arm_top});
    if (!round) continue;
    place.turned({middle, y, arm_top}, turn_x(1.5708f))
        .cylinder(kSofa, cover, {0, 0, 0}, arm * 0.6f, depth);
  }
  const int count = std::max(2, static_cast<int>(width / 0.7f));
  const float pitch = (width - 2 * arm) / static_cast<float>(count);
  for (int i = 0; i < count; ++i) {
    const float left = -x + arm + pitch * static_cast<float>(i) + 0.008f;
    const float right = left + pitch - 0.016f;
    place.box(kSofa, seats, {left, -y + 0.18f, seat - 0.14f}, {right, y, seat});
    place.turned({0, -y + 0.27f, seat}, turn_x(0.2f))
        .box(kSofa, seats, {left, -0.09f, 0}, {right, 0.07f, back - seat + 0.04f});
    if (random.chance(0.5f)) {
      const float size = random.uniform(0.32f, 0.46f);
      put_cushion(place.at({(left + right) / 2, -y + 0.5f, seat}), size, false);
    }
  }
  put_legs(place, kSofa, place.palette().wood(), {width - 0.06f, depth - 0.06f, 0.08f});
}

void build_bed(Builder place, float width, float depth) {
  Random& random = place.random();
  const int frame = place.palette().wood(), sheet = place.palette().light();
  const int blanket = place.palette().any();
  const float x = width / 2, y = depth / 2, base = random.uniform(0.22f, 0.34f);
  const float top = base + random.uniform(0.16f, 0.26f);
  place.box(kBed, frame, {-x, -y + 0.05f, 0.1f}, {x, y, base});
  put_legs(place, kBed, frame, {width, depth, 0.1f});
  place.box(kBed, sheet, {-x + 0.03f, -y + 0.06f, base}, {x - 0.03f, y - 0.03f, top});
  const float head = random.uniform(0.75f, 1.2f);
  if (random.chance(0.85f)) place.box(kBed, frame, {-x, -y, 0}, {x, -y + 0.05f, head});
  if (random.chance(0.3f)) place.box(kBed, frame, {-x, y, 0}, {x, y + 0.04f, top + 0.1f});
  const float fold = -y + random.uniform(0.45f, 1.0f), hang = random.uniform(0.05f, 0.3f);
  place.box(kBed, blanket, {-x - 0.015f, fold, top - hang}, {x + 0.015f, y - 0.01f, top + 0.03f});
  if (random.chance(0.6f)) {
    place.box(kBed, sheet, {-x - 0.018f, fold - 0.02f, top - 0.1f},
              {x + 0.018f, fold + 0.2f, top + 0.045f});
  }
  put_pillows(place, x, -y, top);
  if (random.chance(0.3f)) {
    put_cushion(place.at({random.uniform(-0.5f, 0.5f) * x, y - 0.5f, top + 0.1f}), 0.4f, true);
  }
}

}  // namespace tasuki::rooms
