#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "tasuki/data/data_print.h"

namespace tasuki {

// What the trainings of one folder depend on beside their configs: they can be compared where all
// of it is the same.
struct RunConditions {
  std::vector<uint64_t> seeds;
  // Of each training whose config names none; the number changes the rounding.
  uint32_t threads = 0;
  std::vector<std::string> machine;  // "train.device=CPU", ...: what AUTO came to
  std::vector<SplitPrint> data;

  bool operator==(const RunConditions&) const = default;
};
void to_json(nlohmann::json& out, const RunConditions& conditions);
// nlohmann::json::exception where something is missing or of another type, Error (kData) without
// the file's name where there are no seeds.
void from_json(const nlohmann::json& in, RunConditions& conditions);

// As a file of their own. Error (kData) where it is missing, has no seeds or is something else.
RunConditions read_conditions(const std::filesystem::path& file);
void write_conditions(const std::filesystem::path& file, const RunConditions& conditions);

// Why trainings under `asked` can't join those under `kept`, "" when they can. More seeds or
// fewer are fine, since no finished training depends on them; so are other threads, which `kept`
// decides.
std::string obstacle(const RunConditions& kept, const RunConditions& asked);

inline constexpr const char* kConditionsFile = "conditions.json";

}  // namespace tasuki
