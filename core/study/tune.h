#pragma once

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

#include "tasuki/config/config.h"
#include "tasuki/study/findings.h"
#include "tasuki/study/train_runner.h"
#include "tasuki/study/weight_base.h"

namespace tasuki {

struct TuneOptions {
  // Folder of the tuning; empty: work_dirs/tune_NAME, blanks of the config's name as "_".
  std::filesystem::path work_dir = {};
  // That data sets lie under.
  std::filesystem::path data_root = "data";
  std::filesystem::path base = default_weight_base();
  size_t candidates = 8;  // equal weights are the first of them
  double range = 10;      // a weight is drawn between its inverse and it
  size_t seeds = 1;       // trainings of each candidate in each rung, from train.seed on
  size_t jobs = 1;        // trainings side by side
};

// A weight for each task of the joint model, in the config's order; they sum to the tasks' number.
using TaskWeights = std::vector<double>;

// The first `count` candidates of a seed: equal weights, then weights drawn log-uniformly between
// 1 / range and range, divided by their mean and rounded to four digits. Fewer are the beginning of
// more.
std::vector<TaskWeights> candidate_weights(uint64_t seed, size_t tasks, size_t count, double range);

// The candidates that were trained for one length.
struct TuneRung {
  struct Entry {
    size_t candidate = 0;         // among all
    std::vector<double> by_seed;  // selection_score of the validation split's figures
  };

  int64_t epochs = 0;
  std::vector<Entry> entries;  // in the order of the candidates
};

// What a tuning found, and what it cost.
struct Tuned {
  std::string config;  // its name
  std::string protocol;
  std::string split;
  std::vector<uint64_t> seeds;
  std::vector<std::string> tasks;
  std::vector<TaskWeights> candidates;
  std::vector<TuneRung> rungs;
  size_t best = 0;             // among the candidates
  Cost cost;                   // of all trainings
  std::filesystem::path file;  // the tuned config
};

// Looks for constant weights of the tasks' losses by successive halving (Jamieson and Talwalkar,
// arXiv:1502.07943): all candidates are trained for epochs / 2^k, the better half goes on with
// twice as many, up to the config's; each rung is trained from scratch, because a learning rate
// schedule belongs to its length. What is better is said by the selection score of the figures on
// the validation split, the mean over seeds; of equal ones the earlier is. Self-auxiliaries keep
// the weight 1.
//
// Goes on with the tuning in its folder until the tuned config is written, and says on `out` how
// far it is and what it found. Everything is checked before the folder is touched: Error (kUsage).
// Error (kRun) where a training fails, and after SIGINT or SIGTERM; the same call goes on then.
//
// The figures that chose the weights flatter them: compare on another split.
//
// Example:
//   ProcessRunner runner("/usr/bin/tasuki", {"--data-root", "data"});
//   const auto tuned = tune(load_config("rooms.pbtxt"), {.candidates = 16}, runner, std::cout);
//   std::cout << tuned.file << "\n";
Tuned tune(const ResolvedConfig& config, const TuneOptions& options, TrainRunner& runner,
           std::ostream& out);

// The candidates as a table with what they cost.
void print_tuned(const Tuned& tuned, std::ostream& out);
// The same as JSON; numbers that are not finite are null.
std::string tuned_json(const Tuned& tuned);

inline constexpr const char* kTunedFile = "tuned.pbtxt";
inline constexpr const char* kTuneJson = "tune.json";

}  // namespace tasuki
