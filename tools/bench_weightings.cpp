#include <iostream>

#include "tools/bench_variant.h"

namespace tasuki::tools {
namespace {

constexpr const char* kEqual = "[tasuki/EW]{}";

std::string assignment(const std::string& weighting) {
  return "train.weighting=" + weighting;
}

// "[tasuki/AutoLambda]{every:4}" -> "AutoLambda {every:4}", "[tasuki/PCGrad]{}" -> "PCGrad".
std::string short_name(const std::string& weighting) {
  const auto slash = weighting.find('/');
  const auto end = weighting.find(']');
  if (slash == std::string::npos || end == std::string::npos || end < slash) return weighting;
  const auto options = weighting.substr(end + 1);
  const auto inside = options.find_first_not_of(" {}");
  return weighting.substr(slash + 1, end - slash - 1) +
         (inside == std::string::npos ? "" : " " + options);
}

// Says --weighting instead of the assignment that it becomes.
void check_weighting(ConfigOptions config, const std::string& weighting) {
  const std::string assigned = "--set " + assignment(weighting) + ": train.weighting: ";
  config.assignments.push_back(assignment(weighting));
  try {
    config.load();
  } catch (const Error& error) {
    const std::string_view what = error.what();
    if (!what.starts_with(assigned)) throw;
    throw Error(error.kind(),
                "--weighting " + weighting + ": " + std::string(what.substr(assigned.size())));
  }
}

std::vector<Variant> variants(const ResolvedConfig& config,
                              const std::vector<std::string>& weightings) {
  const bool transfers = config.message().model().self_auxiliary_size() > 0;
  std::vector<Variant> all;
  for (const bool with : {false, true}) {
    if (with && !transfers) break;
    for (const auto& weighting : weightings) {
      Variant variant;
      variant.name = short_name(weighting) + (with ? " + self-auxiliaries" : "");
      variant.assignments = {assignment(weighting)};
      if (!with && transfers) variant.assignments.emplace_back("model.self_auxiliary=[]");
      all.push_back(std::move(variant));
    }
  }
  return all;
}

}  // namespace

void bench_weightings(const BenchOptions& options) {
  for (const auto& weighting : options.weightings) check_weighting(options.config, weighting);
  std::vector<std::string> weightings = {kEqual};
  weightings.insert(weightings.end(), options.weightings.begin(), options.weightings.end());
  auto all = variants(options.config.load(), weightings);
  measure(all, options);
  print(all, "this/EW", [&](const Variant& variant) { return time_ratio(variant, all[0]); });
}

}  // namespace tasuki::tools
