#pragma once

#include <algorithm>
#include <array>
#include <vector>

#include "datasets/rooms/shape.h"

namespace tasuki::rooms {

// A bounding volume hierarchy over the shapes that cast shadows.
class Tree {
 public:
  Tree() = default;
  // Splits where the surface area heuristic expects the fewest tests (MacDonald and Booth,
  // "Heuristics for ray tracing using space subdivision", 1990), down to kLeafShapes in a leaf.
  explicit Tree(const std::vector<Shape>& shapes);

  // The index of some shape for which stops(index) holds, among those whose leaves the ray passes
  // between 0 and `limit` lengths of its direction; -1 when there is none.
  template <class Stops>
  int find(Vec3 origin, Vec3 direction, float limit, const Stops& stops) const;

 private:
  struct Bounds {
    Vec3 low{kMiss, kMiss, kMiss}, high{-kMiss, -kMiss, -kMiss};

    void include(const Bounds& other);
    float area() const;
  };
  struct Node {
    Bounds bounds;
    int next = 0;   // inner node: its second child (the first one follows it); leaf: first shape
    int count = 0;  // shapes of a leaf, 0 for an inner node
  };

  void split(const std::vector<Bounds>& bounds, int first, int count, int depth);
  // Sorts a range along its best axis and gives the size of the best first part.
  int best_split(const std::vector<Bounds>& bounds, int first, int count);

  std::vector<Node> nodes_;
  std::vector<int> order_;
};

template <class Stops>
int Tree::find(Vec3 origin, Vec3 direction, float limit, const Stops& stops) const {
  const Vec3 inverse{1 / direction.x, 1 / direction.y, 1 / direction.z};
  std::array<int, 64> stack;
  int depth = 0;
  if (!nodes_.empty()) stack[depth++] = 0;
  while (depth > 0) {
    const int index = stack[--depth];
    const Node& node = nodes_[index];
    const Vec3 a = (node.bounds.low - origin) * inverse, b = (node.bounds.high - origin) * inverse;
    const float near =
        std::max(std::max(std::min(a.x, b.x), std::min(a.y, b.y)), std::min(a.z, b.z));
    const float far =
        std::min(std::min(std::max(a.x, b.x), std::max(a.y, b.y)), std::max(a.z, b.z));
    if (near > far || far < 0 || near > limit) continue;
    for (int i = 0; i < node.count; ++i) {
      if (stops(order_[node.next + i])) return order_[node.next + i];
    }
    if (node.count > 0) continue;
    stack[depth++] = node.next;
    stack[depth++] = index + 1;
  }
  return -1;
}

}  // namespace tasuki::rooms
