#pragma once

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

#include "tasuki/config/config.h"
#include "tasuki/study/decision.h"
#include "tasuki/study/study_base.h"
#include "tasuki/study/train_runner.h"

namespace tasuki {

struct SearchOptions {
  // Folder of the search; empty: work_dirs/search_NAME, blanks of the config's name as "_".
  std::filesystem::path work_dir = {};
  // That data sets lie under.
  std::filesystem::path data_root = "data";
  std::filesystem::path base = default_study_base();
  std::vector<std::string> strategies = {"enumerate"};  // strategy_names()
  size_t seeds = 1;                                     // that choose
  size_t verdict_seeds = 3;  // others, that judge; 0: the same, exploratory
  double margin = 0;         // percent
  uint32_t affinity_every = 10;
  size_t jobs = 1;     // trainings side by side
  bool joint = false;  // train the plain joint model for comparison
  Rule rule = {};
};

// Finds out which self-auxiliaries help, and whether to adopt them: goes on with the search in its
// folder until the decision is written, and says on `out` how far it is and what it decided.
// Everything is checked before the folder is touched: Error (kUsage). Error (kRun) where a training
// fails, and after SIGINT or SIGTERM; the same call goes on then.
//
// Example:
//   ProcessRunner runner("/usr/bin/tasuki", {"--data-root", "data"});
//   const auto decision = search(load_config("rooms.pbtxt"), {.seeds = 3}, runner, std::cout);
//   if (decision.verdict.adopt) std::cout << decision.next_file << "\n";
Decision search(const ResolvedConfig& config, const SearchOptions& options, TrainRunner& runner,
                std::ostream& out);

// The decision as a table and a few lines.
void print_decision(const Decision& decision, std::ostream& out);

}  // namespace tasuki
