#pragma once

#include <optional>
#include <vector>

#include "datasets/rooms/random.h"

namespace tasuki::rooms {

// What is free: of the floor for furniture, and of each wall for what hangs there.
class FloorPlan {
 public:
  explicit FloorPlan(Vec3 room) : room_(room) {}

  struct Place {
    Vec3 centre;  // on the floor
    float yaw;    // the back (-y) faces the wall
  };

  // Somewhere along a wall, back to it; none when no free place was found.
  std::optional<Place> along_wall(Random& random, float width, float depth);
  // Somewhere on the free floor.
  std::optional<Place> in_the_open(Random& random, float width, float depth);
  // Takes a place (yaw a multiple of a right angle, about) if it is free; `margin` is kept around.
  bool take(const Place& place, float width, float depth, float margin);

  // Middle of a free stretch of a wall (0..3: x = 0, x = X, y = 0, y = Y), which it takes.
  std::optional<float> on_wall(Random& random, int wall, float width);
  float wall_length(int wall) const { return wall < 2 ? room_.y : room_.x; }
  // The point of a wall `along` its length, and the yaw that turns +y into the room.
  Place wall_place(int wall, float along) const;

 private:
  struct Rectangle {
    float x0, y0, x1, y1;
  };
  struct Interval {
    float low, high;
  };

  Vec3 room_;
  std::vector<Rectangle> taken_;
  std::vector<Interval> walls_[4];
};

}  // namespace tasuki::rooms
