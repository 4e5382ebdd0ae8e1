#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/config/config.h"
#include "core/data/dataset.h"
#include "core/engine/data_prints.h"
#include "core/study/decision.h"
#include "core/study/plan.h"
#include "tools/command.h"

namespace tasuki::tools {

struct SearchOptions {
  ConfigOptions config;
  std::string work_dir;
  std::vector<std::string> strategies = {"enumerate"};
  size_t seeds = 1;          // that choose
  size_t verdict_seeds = 3;  // others, that judge; 0: the same, exploratory
  double margin = 0;
  uint32_t affinity_every = 10;
  size_t jobs = 1;
  bool joint = false;  // train the plain joint model for comparison
  Rule rule;
  std::string recheck;
};

// Goes on with the search in its folder until the decision is written, and prints it.
void run_search(const SearchOptions& options);

// The decision as a table and a few lines on the standard output.
void print_decision(const Decision& decision);

// Compares the decisions that the run in options.recheck is based on with what was measured since,
// and with the data as they are now. True when all of them hold.
bool recheck(const SearchOptions& options);

// The metrics of every task of a config, those of its protocol marked.
MetricInfos metric_infos(const ResolvedConfig& config, const Dataset& dataset);
// Builds the network that a config trains: mistakes that would show only when its turn comes are
// Errors now, located in the config. Returns its self-auxiliaries, "normal->seg".
std::vector<std::string> check_network(const ResolvedConfig& config, const Dataset& dataset);
// Steps of an epoch of training by a config. Error, located in it, where a training could not
// begin: there is less than one batch, or the warm-up takes all of its steps. A shorter trial's
// warm-up is shorter as well, and leaves it some wherever the whole training has some.
int64_t check_steps(const ResolvedConfig& config, const Dataset& dataset);
// Parameters of the network that a config has at inference.
int64_t inference_parameters(const ResolvedConfig& config, const Dataset& dataset);
// --data-root and --plugin as further arguments of a `tasuki train` in the same folder.
std::vector<std::string> handed_on(const ConfigOptions& options);

}  // namespace tasuki::tools
