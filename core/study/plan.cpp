#include "tasuki/study/plan.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tasuki/error/error.h"
#include "tasuki/io/files.h"

namespace tasuki {
namespace {

using nlohmann::json;

constexpr const char* kPlanFormat = "tasuki-search-2";
constexpr size_t kLargestPlan = size_t{256} << 20;

std::string shown_number(double value) {
  std::ostringstream text;
  text << value;
  return text.str();
}

bool measures_affinities(const std::vector<std::string>& strategies) {
  return std::any_of(strategies.begin(), strategies.end(),
                     [](const std::string& one) { return one == "tag" || one == "cosine"; });
}

}  // namespace

SearchPlan read_plan(const std::filesystem::path& file) {
  const auto text = read_file(file, kLargestPlan);
  try {
    const json in = json::parse(text);
    if (in.at("format") != kPlanFormat) throw Error(ErrorKind::kData, "unknown format");
    SearchPlan plan;
    plan.config_file = in.at("config").get<std::string>();
    plan.strategies = in.at("strategies").get<std::vector<std::string>>();
    plan.conditions = in.at("conditions").get<RunConditions>();
    plan.margin = in.at("margin").get<double>();
    plan.affinity_every = in.at("affinity_every").get<uint32_t>();
    plan.trials = in.at("trials").get<std::vector<std::string>>();
    if (in.contains("verdict_seeds")) {
      plan.verdict_seeds = in.at("verdict_seeds").get<std::vector<uint64_t>>();
    }
    return plan;
  } catch (const Error& wrong) {
    throw wrong.within(file.string());
  } catch (const json::exception& wrong) {
    throw Error(ErrorKind::kData, file.string() +
                                      ": not a plan of tasuki search; remove it, and the same "
                                      "command goes on from the finished trials (" +
                                      wrong.what() + ")");
  }
}

void write_plan(const std::filesystem::path& file, const SearchPlan& plan) {
  json out = {{"format", kPlanFormat},         {"config", plan.config_file},
              {"strategies", plan.strategies}, {"conditions", plan.conditions},
              {"margin", plan.margin},         {"affinity_every", plan.affinity_every},
              {"trials", plan.trials}};
  if (plan.verdict_seeds) out["verdict_seeds"] = *plan.verdict_seeds;
  write_file_atomically(file, out.dump(2) + "\n");
}

SearchPlan continued(const SearchPlan& kept, SearchPlan asked) {
  asked.conditions.threads = kept.conditions.threads;
  if (measures_affinities(kept.strategies)) asked.affinity_every = kept.affinity_every;
  for (const auto& strategy : kept.strategies) {
    auto& all = asked.strategies;
    if (std::find(all.begin(), all.end(), strategy) == all.end()) all.push_back(strategy);
  }
  asked.trials = kept.trials;
  return asked;
}

std::string obstacle(const SearchPlan& kept, const SearchPlan& asked) {
  const auto conditions = obstacle(kept.conditions, asked.conditions);
  if (!conditions.empty()) return conditions;
  if (kept.margin != asked.margin) {
    return "its --margin is " + shown_number(kept.margin) + ", now " + shown_number(asked.margin);
  }
  if (measures_affinities(asked.strategies) && measures_affinities(kept.strategies) &&
      kept.affinity_every != asked.affinity_every) {
    return "its --affinity-every is " + std::to_string(kept.affinity_every) + ", now " +
           std::to_string(asked.affinity_every);
  }
  return "";
}

}  // namespace tasuki
