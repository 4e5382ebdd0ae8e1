#include <iostream>

#include "tools/bench_variant.h"

namespace tasuki::tools {
namespace {

constexpr const char* kEqual = "[tasuki/EW]{}";

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

std::vector<Variant> variants(const ResolvedConfig& config,
                              const std::vector<std::string>& weightings) {
  const bool transfers = config.message().model().self_auxiliary_size() > 0;
  std::vector<Variant> all;
  for (const bool with : {false, true}) {
    if (with && !transfers) break;
    for (const auto& weighting : weightings) {
      Variant variant;
      variant.name = short_name(weighting) + (with ? " + self-auxiliaries" : "");
      variant.assignments = {"train.weighting=" + weighting};
      if (!with && transfers) variant.assignments.emplace_back("model.self_auxiliary=[]");
      all.push_back(std::move(variant));
    }
  }
  return all;
}

}  // namespace

void bench_weightings(const BenchOptions& options) {
  std::vector<std::string> weightings = {kEqual};
  weightings.insert(weightings.end(), options.weightings.begin(), options.weightings.end());
  auto all = variants(options.config.load(), weightings);
  measure(all, options);
  print(all, "this/EW", [&](const Variant& variant) { return time_ratio(variant, all[0]); });
}

}  // namespace tasuki::tools
