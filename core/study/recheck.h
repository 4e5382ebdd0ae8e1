#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

#include "tasuki/study/study_base.h"

namespace tasuki {

struct RecheckOptions {
  std::vector<std::string> assignments;  // over the run's config, as --set has them
  // That data sets lie under.
  std::filesystem::path data_root = "data";
  std::filesystem::path base = default_study_base();
};

// Compares the decisions that the training in the work dir `run` is based on with what was measured
// since (affinity.jsonl there), and with the data as they are now; says on `out` what came of it.
// True when all of them hold. Error (kUsage) where the run is not based on a search, or the
// selection is another since.
bool recheck(const std::filesystem::path& run, const RecheckOptions& options, std::ostream& out);

}  // namespace tasuki
