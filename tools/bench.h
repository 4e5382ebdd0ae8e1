#pragma once

#include <string>
#include <vector>

#include "tools/command.h"

namespace tasuki::tools {

struct BenchOptions {
  ConfigOptions config;
  int steps = 5;                        // measured turns a variant
  int steps_per_turn = 1;               // a turn's steps
  std::vector<std::string> weightings;  // as --set takes them; not empty: compare with EW
  int samples = 64;                     // measured samples of the loader
  bool skip_loader = false;
  bool skip_step = false;
};

// Prints images/s of the loader by workers: from files, from memory, and from the config's pack.
void bench_loader(const BenchOptions& options);
// Prints the step's table and returns the images/s of the fastest variant, 0 when skipped.
double bench_step(const BenchOptions& options);
// Prints what weightings, and the config's self-auxiliaries, cost against EW without them.
void bench_weightings(const BenchOptions& options);

}  // namespace tasuki::tools
