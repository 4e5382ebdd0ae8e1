#include "datasets/rooms/tree.h"

namespace tasuki::rooms {
namespace {

constexpr int kLeafShapes = 2;
// From this depth on ranges are halved, so that no arrangement of shapes outgrows the stack of
// Tree::find: 32 levels and then log2 of the number of shapes.
constexpr int kUnevenLevels = 32;

float component(Vec3 v, int axis) {
  return axis == 0 ? v.x : axis == 1 ? v.y : v.z;
}

}  // namespace

void Tree::Bounds::include(const Bounds& other) {
  low = {std::min(low.x, other.low.x), std::min(low.y, other.low.y), std::min(low.z, other.low.z)};
  high = {std::max(high.x, other.high.x), std::max(high.y, other.high.y),
          std::max(high.z, other.high.z)};
}

float Tree::Bounds::area() const {
  const Vec3 size = high - low;
  return size.x * size.y + size.y * size.z + size.z * size.x;
}

Tree::Tree(const std::vector<Shape>& shapes) {
  std::vector<Bounds> bounds;
  for (size_t i = 0; i < shapes.size(); ++i) {
    const Vec3 extent = shapes[i].extent();
    bounds.push_back({shapes[i].centre - extent, shapes[i].centre + extent});
    if (shapes[i].casts_shadow) order_.push_back(static_cast<int>(i));
  }
  if (!order_.empty()) split(bounds, 0, static_cast<int>(order_.size()), 0);
}

void Tree::split(const std::vector<Bounds>& bounds, int first, int count, int depth) {
  const size_t index = nodes_.size();
  nodes_.emplace_back();
  for (int i = first; i < first + count; ++i) nodes_[index].bounds.include(bounds[order_[i]]);
  if (count <= kLeafShapes) {
    nodes_[index].next = first;
    nodes_[index].count = count;
    return;
  }
  const int left = depth < kUnevenLevels ? best_split(bounds, first, count) : count / 2;
  split(bounds, first, left, depth + 1);
  nodes_[index].next = static_cast<int>(nodes_.size());
  split(bounds, first + left, count - left, depth + 1);
}

int Tree::best_split(const std::vector<Bounds>& bounds, int first, int count) {
  const auto sort = [&](int axis) {
    std::sort(order_.begin() + first, order_.begin() + first + count, [&](int a, int b) {
      const float left = component(bounds[a].low + bounds[a].high, axis);
      const float right = component(bounds[b].low + bounds[b].high, axis);
      return left != right ? left < right : a < b;
    });
  };
  float least = kMiss;
  int best_axis = 0, best = count / 2;
  std::vector<float> right_areas(count);
  for (int axis = 0; axis < 3; ++axis) {
    sort(axis);
    Bounds right, left;
    for (int i = count - 1; i > 0; --i) {
      right.include(bounds[order_[first + i]]);
      right_areas[i] = right.area();
    }
    for (int i = 1; i < count; ++i) {
      left.include(bounds[order_[first + i - 1]]);
      const float cost =
          left.area() * static_cast<float>(i) + right_areas[i] * static_cast<float>(count - i);
      if (cost >= least) continue;
      least = cost;
      best_axis = axis;
      best = i;
    }
  }
  sort(best_axis);
  return best;
}

}  // namespace tasuki::rooms
