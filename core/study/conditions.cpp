#include "tasuki/study/conditions.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tasuki/error/error.h"
#include "tasuki/io/files.h"

namespace tasuki {
namespace {

using nlohmann::json;

constexpr const char* kConditionsFormat = "tasuki-conditions-1";

std::string listed(const std::vector<uint64_t>& values) {
  std::vector<std::string> parts;
  parts.reserve(values.size());
  for (const uint64_t value : values) parts.push_back(std::to_string(value));
  return join(parts);
}

// One list is the beginning of the other.
bool agree(const std::vector<uint64_t>& a, const std::vector<uint64_t>& b) {
  const auto common = static_cast<std::ptrdiff_t>(std::min(a.size(), b.size()));
  return std::equal(a.begin(), a.begin() + common, b.begin());
}

}  // namespace

void to_json(json& out, const RunConditions& conditions) {
  out = {{"seeds", conditions.seeds},
         {"threads", conditions.threads},
         {"machine", conditions.machine},
         {"data", conditions.data}};
}

void from_json(const json& in, RunConditions& conditions) {
  in.at("seeds").get_to(conditions.seeds);
  in.at("threads").get_to(conditions.threads);
  in.at("machine").get_to(conditions.machine);
  in.at("data").get_to(conditions.data);
  if (conditions.seeds.empty()) throw Error(ErrorKind::kData, "has no seeds");
}

RunConditions read_conditions(const std::filesystem::path& file) {
  const auto text = read_file(file);
  try {
    const json in = json::parse(text);
    if (in.at("format") != kConditionsFormat) throw Error(ErrorKind::kData, "unknown format");
    return in.get<RunConditions>();
  } catch (const Error& wrong) {
    throw wrong.within(file.string());
  } catch (const json::exception& wrong) {
    throw Error(ErrorKind::kData,
                file.string() +
                    ": not the conditions of a comparison; remove it, and the same "
                    "command goes on from the finished trainings (" +
                    wrong.what() + ")");
  }
}

void write_conditions(const std::filesystem::path& file, const RunConditions& conditions) {
  json out = conditions;
  out["format"] = kConditionsFormat;
  write_file_atomically(file, out.dump(2) + "\n");
}

std::string obstacle(const RunConditions& kept, const RunConditions& asked) {
  if (!agree(asked.seeds, kept.seeds)) {
    return "its seeds are " + listed(kept.seeds) + ", now asked for: " + listed(asked.seeds);
  }
  if (kept.machine != asked.machine) {
    return "it ran with " + join(kept.machine) + ", here it would be " + join(asked.machine);
  }
  const auto changes = data_changes(kept.data, asked.data);
  return changes.empty() ? "" : "the data have changed: " + join(changes, "; ");
}

}  // namespace tasuki
