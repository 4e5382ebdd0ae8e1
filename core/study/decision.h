#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tasuki/study/findings.h"
#include "tasuki/study/strategy.h"
#include "tasuki/study/verdict.h"

namespace tasuki {

// One checkpoint that has to be kept and run at inference.
struct Deployed {
  std::string name;                // "seg alone", "joint model"
  std::vector<std::string> tasks;  // that it predicts
  int64_t parameters = 0;
  std::filesystem::path checkpoint;  // of the first seed
};

// A protocol metric of one task with its single-task model and with the chosen model, over seeds.
struct MetricChange {
  MetricInfo info;
  Spread before;
  Spread after;
  Spread gain;  // percent, higher is better
};

struct TaskChange {
  TaskGain gain;
  std::vector<MetricChange> metrics;
  std::vector<double> joint_gain;  // of the plain joint model, by seed; empty: not trained
};

// What one strategy found, and at what cost.
struct StrategyOutcome {
  std::string name;
  std::string unit;
  Selection selection;
  Cost cost;
  std::optional<Agreement> with_enumerate;  // where both ran
};

// All that decision.json and decision.html show.
struct Decision {
  std::string config;  // its name
  std::string protocol;
  std::string split;
  std::string data;             // "tasuki/Rooms"
  std::vector<uint64_t> seeds;  // that chose the transfers
  // That the verdict and all figures are of; the same ones where the decision is exploratory.
  std::vector<uint64_t> verdict_seeds;
  std::vector<StrategyOutcome> strategies;  // the first is the one that chose
  Rule rule;
  Verdict verdict;
  std::vector<TaskChange> tasks;
  Spread delta_m;                       // percent, over all tasks, against single-task models
  std::optional<Spread> joint_delta_m;  // of the plain joint model
  Cost singles, final_model;            // of training T single-task models; the chosen model
  // What the search trained to choose, and what it trained beyond that for the verdict: both arms
  // anew, or where it is exploratory what the strategies had not trained.
  Cost choosing, judging;
  std::vector<Deployed> before, after;
  std::string next_config;  // its text; empty: no joint model is left
  std::filesystem::path next_file;
};

// The part of a decision that follows from the trials that judge it: tasks, delta_m, verdict, and
// the cost of both arms. `final_trial`: the joint model with the selection, nothing where no task
// is left in it. Tasks that the final model leaves out keep their single-task figures.
void fill_decision(Decision& decision, const std::vector<std::string>& tasks,
                   const std::optional<Trial>& final_trial, const Findings& findings,
                   Evidence evidence);

// The final model of a selection: its joint tasks with its transfers; nothing where none is joint.
std::optional<Trial> final_trial(const Selection& selection);

// The figures as JSON; numbers that are not finite are null.
std::string decision_json(const Decision& decision);
// A self-contained page for whoever has to decide.
std::string decision_html(const Decision& decision);

}  // namespace tasuki
