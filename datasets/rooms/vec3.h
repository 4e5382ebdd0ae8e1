#pragma once

#include <cmath>

namespace tasuki::rooms {

// A point, a direction or a linear RGB colour. Plain floats: the ray caster's inner loops live
// here.
struct Vec3 {
  float x = 0, y = 0, z = 0;
};

inline Vec3 operator+(Vec3 a, Vec3 b) {
  return {a.x + b.x, a.y + b.y, a.z + b.z};
}
inline Vec3 operator-(Vec3 a, Vec3 b) {
  return {a.x - b.x, a.y - b.y, a.z - b.z};
}
inline Vec3 operator-(Vec3 a) {
  return {-a.x, -a.y, -a.z};
}
inline Vec3 operator*(Vec3 a, float s) {
  return {a.x * s, a.y * s, a.z * s};
}
inline Vec3 operator*(float s, Vec3 a) {
  return a * s;
}
// Componentwise, for colours and scales.
inline Vec3 operator*(Vec3 a, Vec3 b) {
  return {a.x * b.x, a.y * b.y, a.z * b.z};
}
inline Vec3 operator/(Vec3 a, Vec3 b) {
  return {a.x / b.x, a.y / b.y, a.z / b.z};
}

inline float dot(Vec3 a, Vec3 b) {
  return a.x * b.x + a.y * b.y + a.z * b.z;
}
inline Vec3 cross(Vec3 a, Vec3 b) {
  return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}
inline float length(Vec3 a) {
  return std::sqrt(dot(a, a));
}
inline Vec3 normalized(Vec3 a) {
  return a * (1.0f / length(a));
}
inline Vec3 mix(Vec3 a, Vec3 b, float t) {
  return a + (b - a) * t;
}

// Three axes of a frame, written in the coordinates of the frame around it.
struct Basis {
  Vec3 x{1, 0, 0}, y{0, 1, 0}, z{0, 0, 1};

  Vec3 to_local(Vec3 v) const { return {dot(x, v), dot(y, v), dot(z, v)}; }
  Vec3 to_world(Vec3 v) const { return x * v.x + y * v.y + z * v.z; }
};

// `inner`, given in the coordinates of `outer`, in the coordinates around `outer`.
inline Basis compose(const Basis& outer, const Basis& inner) {
  return {outer.to_world(inner.x), outer.to_world(inner.y), outer.to_world(inner.z)};
}

// Counter-clockwise turns, in radians, about the z and the x axis.
inline Basis turn_z(float angle) {
  const float c = std::cos(angle), s = std::sin(angle);
  return {{c, s, 0}, {-s, c, 0}, {0, 0, 1}};
}
inline Basis turn_x(float angle) {
  const float c = std::cos(angle), s = std::sin(angle);
  return {{1, 0, 0}, {0, c, s}, {0, -s, c}};
}

}  // namespace tasuki::rooms
