#include "datasets/rooms/floor_plan.h"

#include <algorithm>

namespace tasuki::rooms {
namespace {

constexpr float kRightAngle = 1.57079633f;
constexpr int kTries = 12;

}  // namespace

std::optional<FloorPlan::Place> FloorPlan::along_wall(Random& random, float width, float depth) {
  for (int i = 0; i < kTries; ++i) {
    const int wall = random.integer(0, 3);
    const float spare = wall_length(wall) - width - 0.04f;
    // Half of the furniture stands in a corner.
    const float t =
        random.chance(0.3f) ? (random.chance(0.5f) ? 0.0f : 1.0f) : random.uniform(0, 1);
    if (spare < 0) continue;
    Place place = wall_place(wall, 0.02f + width / 2 + spare * t);
    const Vec3 inwards = turn_z(place.yaw).y;
    place.centre = place.centre + inwards * (depth / 2 + random.uniform(0.03f, 0.06f));
    if (take(place, width, depth, 0.02f)) return place;
  }
  return std::nullopt;
}

std::optional<FloorPlan::Place> FloorPlan::in_the_open(Random& random, float width, float depth) {
  const float reach = std::max(width, depth) / 2 + 0.1f;
  if (2 * reach >= std::min(room_.x, room_.y)) return std::nullopt;
  for (int i = 0; i < kTries; ++i) {
    const float x = random.uniform(reach, room_.x - reach);
    const float y = random.uniform(reach, room_.y - reach);
    const Place place{{x, y, 0}, kRightAngle * static_cast<float>(random.integer(0, 3))};
    if (take(place, width, depth, 0.12f)) return place;
  }
  return std::nullopt;
}

bool FloorPlan::take(const Place& place, float width, float depth, float margin) {
  const Basis axes = turn_z(place.yaw);
  const float x = (std::abs(axes.x.x) * width + std::abs(axes.y.x) * depth) / 2 + margin;
  const float y = (std::abs(axes.x.y) * width + std::abs(axes.y.y) * depth) / 2 + margin;
  const Rectangle wanted{place.centre.x - x, place.centre.y - y, place.centre.x + x,
                         place.centre.y + y};
  const bool inside = wanted.x0 + margin >= 0 && wanted.y0 + margin >= 0 &&
                      wanted.x1 - margin <= room_.x && wanted.y1 - margin <= room_.y;
  const bool free = std::none_of(taken_.begin(), taken_.end(), [&](const Rectangle& other) {
    return wanted.x0 < other.x1 && other.x0 < wanted.x1 && wanted.y0 < other.y1 &&
           other.y0 < wanted.y1;
  });
  if (!inside || !free) return false;
  taken_.push_back(wanted);
  return true;
}

std::optional<float> FloorPlan::on_wall(Random& random, int wall, float width) {
  const float spare = wall_length(wall) - width - 0.3f;
  for (int i = 0; i < kTries && spare > 0; ++i) {
    const float middle = 0.15f + width / 2 + spare * random.uniform(0, 1);
    const Interval wanted{middle - width / 2 - 0.12f, middle + width / 2 + 0.12f};
    auto& taken = walls_[wall];
    const bool free = std::none_of(taken.begin(), taken.end(), [&](const Interval& other) {
      return wanted.low < other.high && other.low < wanted.high;
    });
    if (!free) continue;
    taken.push_back(wanted);
    return middle;
  }
  return std::nullopt;
}

FloorPlan::Place FloorPlan::wall_place(int wall, float along) const {
  switch (wall) {
    case 0:
      return {{0, along, 0}, -kRightAngle};
    case 1:
      return {{room_.x, along, 0}, kRightAngle};
    case 2:
      return {{along, 0, 0}, 0};
    default:
      return {{along, room_.y, 0}, 2 * kRightAngle};
  }
}

}  // namespace tasuki::rooms
