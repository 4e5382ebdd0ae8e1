#include <numeric>

#include "core/loader/loader.h"

namespace tasuki {
namespace {

// SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014): a
// counter stepped by the golden ratio, put through a bijective mixer.
constexpr uint64_t kGolden = 0x9E3779B97F4A7C15u;
// Keeps the draws of an epoch's order apart from those of its samples.
constexpr uint64_t kOrderPurpose = 0x6F72646572u;

uint64_t mixed(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

// A whole number in [0, bound), each equally likely: draws past the last whole multiple of `bound`
// are thrown away.
uint64_t draw_below(uint64_t bound, uint64_t& state) {
  const uint64_t rest = (UINT64_MAX % bound + 1) % bound;
  while (true) {
    state += kGolden;
    const uint64_t drawn = mixed(state);
    if (drawn <= UINT64_MAX - rest) return drawn % bound;
  }
}

}  // namespace

uint64_t mix_seeds(std::initializer_list<uint64_t> parts) {
  uint64_t state = kGolden * parts.size();
  for (const uint64_t part : parts) state = mixed(state + kGolden + mixed(part + kGolden));
  return state;
}

std::vector<size_t> epoch_order(size_t n, bool shuffle, uint64_t seed, uint64_t epoch) {
  std::vector<size_t> order(n);
  std::iota(order.begin(), order.end(), size_t{0});
  if (!shuffle) return order;
  uint64_t state = mix_seeds({kOrderPurpose, seed, epoch});
  for (size_t left = n; left > 1; --left) {
    std::swap(order[left - 1], order[draw_below(left, state)]);
  }
  return order;
}

}  // namespace tasuki
