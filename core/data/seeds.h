#pragma once

#include <cstdint>
#include <initializer_list>

namespace tasuki {

// One 64-bit seed out of several numbers (SplitMix64 over each), for generators that must differ.
uint64_t mix_seeds(std::initializer_list<uint64_t> parts);

// Random numbers of SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number
// Generators", 2014): a counter stepped by the golden ratio, put through a bijective mixer. The
// same with every standard library.
class SeededDraws {
 public:
  explicit SeededDraws(uint64_t seed) : state_(seed) {}

  uint64_t next();
  // A whole number in [0, bound), each equally likely; bound > 0.
  uint64_t below(uint64_t bound);
  // A number in [0, 1), a multiple of 2^-53.
  double uniform();

 private:
  uint64_t state_;
};

}  // namespace tasuki
