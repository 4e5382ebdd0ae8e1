#pragma once

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

namespace tasuki {

// The finished trainings "NAME/seed_S" of a folder whose seed is none of `seeds`, by seed in
// ascending order: "seed 1 (depth, seg), seed 2 (seg)". "" where there is none.
std::string left_aside(const std::filesystem::path& folder, const std::vector<uint64_t>& seeds);
// Says so, where there are some.
void print_left_aside(const std::filesystem::path& folder, const std::vector<uint64_t>& seeds,
                      std::ostream& out);

}  // namespace tasuki
