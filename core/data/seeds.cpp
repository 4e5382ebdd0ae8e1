#include "tasuki/data/seeds.h"

namespace tasuki {
namespace {

constexpr uint64_t kGoldenStep = 0x9E3779B97F4A7C15u;

uint64_t split_mixed(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

}  // namespace

uint64_t mix_seeds(std::initializer_list<uint64_t> parts) {
  uint64_t state = kGoldenStep * parts.size();
  for (const uint64_t part : parts) {
    state = split_mixed(state + kGoldenStep + split_mixed(part + kGoldenStep));
  }
  return state;
}

uint64_t SeededDraws::next() {
  state_ += kGoldenStep;
  return split_mixed(state_);
}

// Draws past the last whole multiple of `bound` are thrown away.
uint64_t SeededDraws::below(uint64_t bound) {
  const uint64_t rest = (UINT64_MAX % bound + 1) % bound;
  while (true) {
    const uint64_t drawn = next();
    if (drawn <= UINT64_MAX - rest) return drawn % bound;
  }
}

double SeededDraws::uniform() {
  return double(next() >> 11) * 0x1p-53;
}

}  // namespace tasuki
