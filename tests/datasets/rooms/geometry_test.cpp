// Rays against solids: each fast way against a slow one.
#include <gtest/gtest.h>

#include "datasets/rooms/layout.h"
#include "datasets/rooms/visibility.h"

namespace tasuki::rooms {
namespace {

// Whether a point lies inside a solid by more than `margin` metres (measured along its axes).
bool inside(const Shape& shape, Vec3 world, float margin) {
  const Vec3 local = shape.axes.to_local(world - shape.centre);
  const Vec3 p{local.x / (shape.half.x - margin), local.y / (shape.half.y - margin),
               local.z / (shape.half.z - margin)};
  if (std::min({shape.half.x, shape.half.y, shape.half.z}) <= margin) return false;
  if (shape.solid == Solid::kEllipsoid) return dot(p, p) < 1;
  if (std::abs(p.z) >= 1) return false;
  if (shape.solid == Solid::kBox) return std::abs(p.x) < 1 && std::abs(p.y) < 1;
  return std::hypot(p.x, p.y) < 1 + shape.taper * p.z - 2 * margin / shape.half.x;
}

Vec3 random_vector(Random& random, float size) {
  const float x = random.uniform(-size, size), y = random.uniform(-size, size);
  return {x, y, random.uniform(-size, size)};
}

Shape random_shape(Random& random) {
  Shape shape;
  shape.solid = static_cast<Solid>(random.integer(0, 2));
  shape.centre = random_vector(random, 1);
  const float yaw = random.uniform(0, 6), pitch = random.uniform(0, 6);
  shape.axes = compose(turn_z(yaw), turn_x(pitch));
  const float across = random.uniform(0.2f, 1);
  shape.half = {across, random.uniform(0.2f, 1), random.uniform(0.2f, 1)};
  if (shape.solid == Solid::kCylinder) {
    shape.half.y = across;
    shape.taper = random.uniform(-0.7f, 0.7f);
  }
  shape.inverse_half = Vec3{1, 1, 1} / shape.half;
  return shape;
}

float enter_world(const Shape& shape, Vec3 origin, Vec3 direction) {
  return enter(shape, shape.unit_point(origin), shape.unit_direction(direction));
}

TEST(Shape, RaysEnterWhereTheSolidBegins) {
  Random random(1);
  int hits = 0;
  for (int i = 0; i < 4000; ++i) {
    const Shape shape = random_shape(random);
    const Vec3 origin = normalized(random_vector(random, 1)) * 5;
    const Vec3 direction = normalized(random_vector(random, 1) - origin);
    const float t = enter_world(shape, origin, direction);
    float first = kMiss;
    for (float s = 0; s < 8 && first == kMiss; s += 0.01f) {
      if (inside(shape, origin + direction * s, 0.005f)) first = s;
    }
    if (first == kMiss) continue;  // missed, or touched for less than a step
    ++hits;
    EXPECT_LE(t, first);
    EXPECT_FALSE(inside(shape, origin + direction * (t - 0.002f), 0));
    EXPECT_TRUE(inside(shape, origin + direction * (t + 0.001f), -0.002f));
  }
  EXPECT_GT(hits, 500);
}

TEST(Shape, MissesWhatMarchingMisses) {
  Random random(2);
  for (int i = 0; i < 2000; ++i) {
    const Shape shape = random_shape(random);
    const Vec3 origin = normalized(random_vector(random, 1)) * 5;
    const Vec3 direction = normalized(random_vector(random, 3) - origin);
    if (enter_world(shape, origin, direction) != kMiss) continue;
    for (float s = 0; s < 10; s += 0.02f) {
      ASSERT_FALSE(inside(shape, origin + direction * s, 0.01f)) << i;
    }
  }
}

TEST(Shape, NormalsPointOutAndAgainstTheRay) {
  Random random(3);
  for (int i = 0; i < 4000; ++i) {
    const Shape shape = random_shape(random);
    const Vec3 origin = normalized(random_vector(random, 1)) * 5;
    const Vec3 direction = normalized(random_vector(random, 1) - origin);
    const float t = enter_world(shape, origin, direction);
    if (t == kMiss) continue;
    const Vec3 point = origin + direction * t, unit = shape.unit_direction(direction);
    const Vec3 normal = surface_normal(shape, shape.unit_point(point), unit);
    EXPECT_NEAR(length(normal), 1, 1e-5f);
    EXPECT_LT(dot(normal, direction), 1e-3f);
    EXPECT_FALSE(inside(shape, point + normal * 0.005f, 0.001f));
  }
}

Scene scene_of(uint64_t seed) {
  Random random(seed);
  return build_scene(random, 1);
}

TEST(Tree, FindsAnObstacleExactlyWhenThereIsOne) {
  Random random(4);
  int blocked = 0;
  for (uint64_t seed = 0; seed < 8; ++seed) {
    const Scene scene = scene_of(seed);
    int likely = -1;
    for (int i = 0; i < 500; ++i) {
      const Vec3 origin = scene.size * (random_vector(random, 0.5f) + Vec3{0.5f, 0.5f, 0.5f});
      const Vec3 direction = normalized(random_vector(random, 1));
      const float limit = random.uniform(0.2f, 5);
      bool expected = false;
      for (const Shape& shape : scene.shapes) {
        expected |= shape.casts_shadow && enter_world(shape, origin, direction) < limit;
      }
      EXPECT_EQ(occluded(scene, origin, direction, limit, likely), expected);
      blocked += expected;
    }
  }
  EXPECT_GT(blocked, 500);
  EXPECT_LT(blocked, 3500);
}

// Nothing lies between the camera and what a pixel shows, and there it is.
TEST(Visibility, PixelsShowTheNearestSurface) {
  constexpr int kWidth = 24, kHeight = 18;
  for (uint64_t seed = 0; seed < 6; ++seed) {
    Random random(seed);
    const Scene scene = build_scene(random, 1);
    const Viewpoint view = choose_viewpoint(scene, random, kWidth, kHeight, 55, 75);
    const Visible visible = find_visible(scene, view, kWidth, kHeight);
    for (int i = 0; i < kWidth * kHeight; ++i) {
      const auto u = static_cast<float>(i % kWidth), v = static_cast<float>(i / kWidth);
      const Vec3 ray = view.ray(u, v);
      for (int step = 0; step < 40; ++step) {
        const float before = visible.depth[i] * static_cast<float>(step) / 40;
        for (const Shape& shape : scene.shapes) {
          ASSERT_FALSE(inside(shape, view.position + ray * before, 0.004f)) << seed << " " << i;
        }
      }
      const Vec3 beyond = view.position + ray * (visible.depth[i] + 0.001f);
      const int surface = visible.surface[i];
      if (scene.is_side(surface)) {
        const float wall = leave_room(scene, view.position, ray).distance;
        EXPECT_FLOAT_EQ(visible.depth[i], wall);
      } else {
        EXPECT_TRUE(inside(scene.shapes[surface], beyond, -0.003f)) << seed << " " << i;
      }
    }
  }
}

}  // namespace
}  // namespace tasuki::rooms
