#pragma once

#include <cstdint>
#include <opencv2/core.hpp>

#include "datasets/rooms/vec3.h"

namespace tasuki::rooms {

// The output function of SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number
// generators", OOPSLA 2014): a bijection of 64-bit words that scatters neighbouring inputs.
uint64_t mix64(uint64_t value);

// The seed of one room. For a fixed `seed` different (split, index) never give the same value.
uint64_t room_seed(uint64_t seed, uint32_t split, uint32_t index);

// The draws of one room, in a fixed order. Draw into named variables or braces, never inside one
// argument list: C++ leaves the order of arguments open.
class Random {
 public:
  explicit Random(uint64_t seed) : generator_(seed) {}

  float uniform(float low, float high) { return generator_.uniform(low, high); }
  // From low to high, both included.
  int integer(int low, int high) { return generator_.uniform(low, high + 1); }
  bool chance(float probability) { return uniform(0, 1) < probability; }
  float sign() { return chance(0.5f) ? 1.0f : -1.0f; }
  uint32_t bits() { return generator_.next(); }
  template <class Container>
  const auto& pick(const Container& from) {
    return from[integer(0, static_cast<int>(from.size()) - 1)];
  }
  // Standard normal values for a whole CV_32F image.
  void fill_normal(cv::Mat& image) { generator_.fill(image, cv::RNG::NORMAL, 0, 1); }

 private:
  cv::RNG generator_;
};

// A value in [0, 1) for a lattice cell.
float cell_value(int x, int y, int z, uint32_t seed);

// Smooth noise in [0, 1): lattice values blended with a cubic, features of size 1.
float value_noise(Vec3 point, uint32_t seed);

}  // namespace tasuki::rooms
