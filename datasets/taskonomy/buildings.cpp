#include "datasets/taskonomy/buildings.h"

#include <algorithm>

#include "datasets/taskonomy/tables.h"
#include "tasuki/io/csv_table.h"
#include "tasuki/registry/registry.h"

namespace tasuki::taskonomy {
namespace {

// By options::Taskonomy::Size.
const std::vector<std::string> kSizes = {"tiny", "medium", "full", "fullplus"};

void check_excluded(const options::Taskonomy& options, const std::vector<std::string>& known) {
  for (int i = 0; i < options.exclude_size(); ++i) {
    const auto& name = options.exclude(i);
    require_option(std::find(known.begin(), known.end(), name) != known.end(),
                   "exclude[" + std::to_string(i) + "]",
                   "there is no building \"" + name + "\"" + did_you_mean(name, known));
  }
}

}  // namespace

std::vector<Building> buildings_of(const options::Taskonomy& options) {
  std::vector<Building> chosen;
  std::vector<std::string> known;
  for (const auto& row : csv_rows(kBuildings)) {
    const auto size = std::find(kSizes.begin(), kSizes.end(), row[2]) - kSizes.begin();
    known.push_back(row[0]);
    const auto& excluded = options.exclude();
    if (size > options.size()) continue;
    if (std::find(excluded.begin(), excluded.end(), row[0]) != excluded.end()) continue;
    chosen.push_back({row[0], row[1]});
  }
  check_excluded(options, known);
  return chosen;
}

}  // namespace tasuki::taskonomy
