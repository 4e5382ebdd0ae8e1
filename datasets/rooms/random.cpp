#include "datasets/rooms/random.h"

namespace tasuki::rooms {
namespace {

float smooth(float t) {
  return t * t * (3 - 2 * t);
}
float blend(float a, float b, float t) {
  return a + (b - a) * t;
}

}  // namespace

uint64_t mix64(uint64_t value) {
  value += 0x9e3779b97f4a7c15ULL;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
  return value ^ (value >> 31);
}

uint64_t room_seed(uint64_t seed, uint32_t split, uint32_t index) {
  const uint64_t place = (static_cast<uint64_t>(split) << 32) | index;
  return mix64(mix64(seed) ^ place);
}

float cell_value(int x, int y, int z, uint32_t seed) {
  uint32_t hash = seed + static_cast<uint32_t>(x) * 0x8da6b343u;
  hash ^= static_cast<uint32_t>(y) * 0xd8163841u;
  hash ^= static_cast<uint32_t>(z) * 0xcb1ab31fu;
  hash = (hash ^ (hash >> 16)) * 0x7feb352du;
  hash = (hash ^ (hash >> 15)) * 0x846ca68bu;
  return static_cast<float>((hash ^ (hash >> 16)) >> 8) * (1.0f / 16777216.0f);
}

float value_noise(Vec3 point, uint32_t seed) {
  const float fx = std::floor(point.x), fy = std::floor(point.y), fz = std::floor(point.z);
  const int x = static_cast<int>(fx), y = static_cast<int>(fy), z = static_cast<int>(fz);
  const float u = smooth(point.x - fx), v = smooth(point.y - fy), w = smooth(point.z - fz);
  const auto row = [&](int dy, int dz) {
    return blend(cell_value(x, y + dy, z + dz, seed), cell_value(x + 1, y + dy, z + dz, seed), u);
  };
  return blend(blend(row(0, 0), row(1, 0), v), blend(row(0, 1), row(1, 1), v), w);
}

}  // namespace tasuki::rooms
