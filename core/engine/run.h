#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/engine/evaluate.h"
#include "core/engine/experiment.h"
#include "core/engine/optimizer.h"
#include "core/model/flat_parameters.h"
#include "core/model/weighting.h"

namespace tasuki {

// Where the time of a step went. On a GPU these are the times of giving the work, unless
// Run::synchronize is set.
struct StepSeconds {
  double forward = 0, losses = 0, backward = 0, optimizer = 0;
  double total() const { return forward + losses + backward + optimizer; }
};

// What the last step did.
struct StepReport {
  std::map<std::string, double> losses;        // by objective, before coefficients
  std::map<std::string, double> coefficients;  // by objective
  double learning_rate = 0;
  std::optional<double> gradient_norm;  // where the gradient is clipped
  int64_t images = 0;
  StepSeconds seconds;
};

// One training run as hooks see it.
struct Run {
  Experiment experiment;
  std::filesystem::path work_dir;
  std::unique_ptr<FlatParameters> parameters;
  std::unique_ptr<Optimizer> optimizer;
  std::unique_ptr<Schedule> schedule;
  std::unique_ptr<Weighting> weighting;
  std::unique_ptr<SampleSource> train_source;
  std::unique_ptr<SampleSource> validation_source;

  int64_t epochs = 0;  // of the whole run
  int64_t steps_per_epoch = 0;
  int64_t epoch = 0;  // finished epochs; during an epoch, its index from 0
  int64_t step = 0;   // finished steps of the run
  bool resumed = false;
  bool synchronize = false;  // wait for the GPU after each part of a step: for measurements

  // State of all hooks by name, for checkpoints; set by the loop.
  std::function<nlohmann::json()> hook_states;

  StepReport last;
  std::map<std::string, double> epoch_losses;  // means over the epoch so far, by objective
  double epoch_seconds = 0;
  double epoch_waited = 0;  // of them, for the loader

  std::optional<Evaluation> evaluation;  // of this epoch, if there was one
  double score = 0;                      // its selection_score
  int64_t best_epoch = 0;                // 1-based; 0: none yet
  double best_score = 0;
  std::optional<Evaluation> best;
  bool is_best() const { return evaluation.has_value() && best_epoch == epoch + 1; }

  const std::vector<Objective>& objectives() const { return experiment.model->objectives(); }
};

}  // namespace tasuki
