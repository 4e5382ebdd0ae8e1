#include "core/search/plan.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/data/files.h"
#include "core/error/error.h"

namespace tasuki {
namespace {

using nlohmann::json;

constexpr const char* kFormat = "tasuki-search-2";
constexpr size_t kLargestPlan = size_t{256} << 20;

std::string shown_number(double value) {
  std::ostringstream text;
  text << value;
  return text.str();
}

bool has_any(const std::vector<std::string>& all, const std::vector<std::string>& some) {
  return std::any_of(some.begin(), some.end(), [&](const std::string& one) {
    return std::find(all.begin(), all.end(), one) != all.end();
  });
}

}  // namespace

SearchPlan read_plan(const std::filesystem::path& file) {
  try {
    const json in = json::parse(read_file(file, kLargestPlan));
    if (in.at("format") != kFormat)
      throw Error(ErrorKind::kData, file.string() + ": unknown format");
    SearchPlan plan;
    plan.config_file = in.at("config").get<std::string>();
    plan.strategies = in.at("strategies").get<std::vector<std::string>>();
    plan.conditions = in.at("conditions").get<RunConditions>();
    plan.margin = in.at("margin").get<double>();
    plan.affinity_every = in.at("affinity_every").get<uint32_t>();
    plan.trials = in.at("trials").get<std::vector<std::string>>();
    if (plan.conditions.seeds.empty()) {
      throw Error(ErrorKind::kData, file.string() + ": has no seeds");
    }
    return plan;
  } catch (const json::exception& wrong) {
    throw Error(ErrorKind::kData, file.string() + ": not a plan of tasuki search: " + wrong.what());
  }
}

void write_plan(const std::filesystem::path& file, const SearchPlan& plan) {
  const json out = {{"format", kFormat},
                    {"config", plan.config_file},
                    {"strategies", plan.strategies},
                    {"conditions", plan.conditions},
                    {"margin", plan.margin},
                    {"affinity_every", plan.affinity_every},
                    {"trials", plan.trials}};
  write_file_atomically(file, out.dump(2) + "\n");
}

std::string obstacle(const SearchPlan& kept, const SearchPlan& asked) {
  const auto conditions = obstacle(kept.conditions, asked.conditions);
  if (!conditions.empty()) return conditions;
  if (kept.margin != asked.margin) {
    return "its --margin is " + shown_number(kept.margin) + ", now " + shown_number(asked.margin);
  }
  const bool measures = has_any(asked.strategies, {"tag", "cosine"});
  if (measures && has_any(kept.strategies, {"tag", "cosine"}) &&
      kept.affinity_every != asked.affinity_every) {
    return "its --affinity-every is " + std::to_string(kept.affinity_every) + ", now " +
           std::to_string(asked.affinity_every);
  }
  return "";
}

}  // namespace tasuki
