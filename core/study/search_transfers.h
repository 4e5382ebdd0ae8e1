#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tasuki/study/decision.h"

namespace tasuki {

// Trains for a search: processes in the program, drawn figures in tests.
class TrialTrainer {
 public:
  virtual ~TrialTrainer() = default;

  // What the next trainings are for, and their seeds: for people who wait.
  virtual void announce(const std::string& purpose, const std::vector<uint64_t>& seeds) = 0;
  // Trains each trial with each seed of `findings` that has no result there yet, and adds the
  // results. `last`: nothing comes after. Throws what stops a training.
  virtual void train(const std::vector<Trial>& trials, Findings& findings, bool last) = 0;
};

struct SearchSetting {
  std::vector<std::string> tasks;  // two or more
  double margin = 0;               // of strategies whose scores are gains, percent
  Rule rule;
  bool plain_joint = false;  // judge the joint model without transfers, too
  // One or more that choose the transfers, and others that judge them. No verdict seeds: the same
  // judge, which makes the decision exploratory.
  std::vector<uint64_t> seeds;
  std::vector<uint64_t> verdict_seeds;
};

// A search from its first training to its verdict: each strategy trains over `seeds` and selects;
// the selection of "enumerate", where that is among the strategies, else of the first one is judged
// by T single-task models and the joint model, all of them trained anew over `verdict_seeds`. The
// error of the rule's tests is that of the verdict alone then, since what it is measured with
// chose nothing: by the trainings that chose, a task whose single-task model came out badly by
// chance would both receive transfers and seem to gain by them.
//
// Fills of the decision: seeds, strategies (without the descriptive fields of their selections),
// rule, verdict, tasks, delta_m, cost, protocol and split.
Decision search_transfers(const std::vector<std::unique_ptr<Strategy>>& strategies,
                          const SearchSetting& setting, TrialTrainer& trainer);

}  // namespace tasuki
