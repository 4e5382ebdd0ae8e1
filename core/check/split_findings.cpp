#include "tasuki/check/split_findings.h"

#include <fmt/format.h>

#include <algorithm>

namespace tasuki {
namespace {

// Samples that two splits have.
std::vector<std::string> overlaps(const Dataset& dataset, const std::vector<std::string>& splits) {
  std::vector<std::string> findings;
  for (size_t a = 0; a < splits.size(); ++a) {
    const auto ids_a = dataset.ids(splits[a]);
    std::vector<std::string_view> known;
    known.reserve(ids_a.size());
    for (size_t i = 0; i < ids_a.size(); ++i) known.push_back(ids_a.view(i));
    std::sort(known.begin(), known.end());
    for (size_t b = a + 1; b < splits.size(); ++b) {
      size_t common = 0;
      std::string first;
      for (const auto& id : dataset.ids(splits[b])) {
        if (!std::binary_search(known.begin(), known.end(), id)) continue;
        if (common++ == 0) first = id;
      }
      if (common == 0) continue;
      findings.push_back(fmt::format("splits {} and {} share {} samples, the first is {}",
                                     splits[a], splits[b], common, first));
    }
  }
  return findings;
}

// One split in two roles.
std::vector<std::string> double_roles(const ResolvedConfig& config) {
  Experiment names;
  names.config = config;
  std::vector<std::string> findings;
  if (names.validation_split() == names.train_split()) {
    findings.push_back(
        "data.validation_split is data.train_split: \"best\" would be chosen on what "
        "was trained on");
  }
  if (names.test_split() == names.train_split()) {
    findings.push_back(
        "data.test_split is data.train_split: figures would be of what was trained on");
  }
  if (names.test_split() == names.validation_split()) {
    findings.push_back(
        "data.test_split is data.validation_split: figures would be of the split "
        "that chose");
  }
  return findings;
}

std::vector<std::string> split_names(const std::vector<SplitUse>& used) {
  std::vector<std::string> names;
  for (const auto& use : used) {
    if (std::find(names.begin(), names.end(), use.split) == names.end()) {
      names.push_back(use.split);
    }
  }
  return names;
}

}  // namespace

std::vector<std::string> split_findings(const ResolvedConfig& config, const Dataset& dataset,
                                        const std::vector<SplitUse>& uses) {
  auto findings = overlaps(dataset, split_names(uses));
  for (auto& role : double_roles(config)) findings.push_back(std::move(role));
  return findings;
}

}  // namespace tasuki
