#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tasuki/study/conditions.h"

namespace tasuki {

// What a search's folder is about; kept as search.json in it.
struct SearchPlan {
  std::string config_file;  // as it was given
  std::vector<std::string> strategies;
  RunConditions conditions;
  double margin = 0;  // percent
  uint32_t affinity_every = 10;
  std::vector<std::string> trials;  // names, as far as they are known
  // Those that judge; nothing in the plan of a version whose verdict was by the seeds that chose.
  std::optional<std::vector<uint64_t>> verdict_seeds = {};

  bool operator==(const SearchPlan&) const = default;
};
// Error (kData) where the file is missing or no plan.
SearchPlan read_plan(const std::filesystem::path& file);
void write_plan(const std::filesystem::path& file, const SearchPlan& plan);

// Why a search can't go on in the folder that `kept` is from, "" when it can. More seeds
// or fewer, other verdict seeds and further strategies are fine, since no finished trial depends on
// them; anything else must be the same.
std::string obstacle(const SearchPlan& kept, const SearchPlan& asked);

// What goes on in that folder: the trials, threads and strategies that `kept` has stay, and the
// steps between affinities that its trials measured with.
SearchPlan continued(const SearchPlan& kept, SearchPlan asked);

inline constexpr const char* kPlanFile = "search.json";
inline constexpr const char* kSelectionFile = "selection.pbtxt";
inline constexpr const char* kSearchedConfigFile = "config.pbtxt";
inline constexpr const char* kNextFile = "next.pbtxt";
inline constexpr const char* kDecisionJson = "decision.json";
inline constexpr const char* kDecisionHtml = "decision.html";

}  // namespace tasuki
