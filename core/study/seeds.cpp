#include "tasuki/study/seeds.h"

#include <limits>
#include <string>

#include "tasuki/error/error.h"

namespace tasuki {

std::vector<uint64_t> seeds_from(uint64_t first, size_t count) {
  constexpr uint64_t kLargest = std::numeric_limits<uint64_t>::max();
  if (count > 0 && first > kLargest - (count - 1)) {
    throw Error(ErrorKind::kUsage,
                std::to_string(first) + " is too large: there are no " + std::to_string(count) +
                    " seeds from it on; the largest is " + std::to_string(kLargest));
  }
  std::vector<uint64_t> seeds;
  seeds.reserve(count);
  for (size_t i = 0; i < count; ++i) seeds.push_back(first + i);
  return seeds;
}

std::vector<uint64_t> verdict_seeds_from(uint64_t first, size_t count) {
  if (count == 0) return {};
  auto seeds = seeds_from(first, kMostSeeds + count);
  seeds.erase(seeds.begin(), seeds.begin() + kMostSeeds);
  return seeds;
}

}  // namespace tasuki
