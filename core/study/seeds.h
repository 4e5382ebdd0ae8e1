#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tasuki {

// first, first + 1, ...: the seeds of repeated trainings. Error (kUsage) where they would pass the
// largest number.
std::vector<uint64_t> seeds_from(uint64_t first, size_t count);

// At most so many seeds choose, and as many judge.
inline constexpr size_t kMostSeeds = 1000;

// The seeds of a verdict, from first + kMostSeeds on: none that chooses is among them, however many
// seeds are added to a search later. Error as above.
std::vector<uint64_t> verdict_seeds_from(uint64_t first, size_t count);

}  // namespace tasuki
