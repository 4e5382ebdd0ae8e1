#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tasuki/data/data_print.h"
#include "tasuki/engine/evaluate.h"
#include "tasuki/engine/experiment.h"
#include "tasuki/engine/learning_rate.h"
#include "tasuki/engine/look_ahead.h"
#include "tasuki/engine/optimizer.h"
#include "tasuki/model/parameter_space.h"
#include "tasuki/model/safetensors.h"
#include "tasuki/step/weighting.h"

namespace tasuki {

// What the last step did. Objectives that do not run in this epoch are in neither map.
struct StepReport {
  // By objective, and the model's extra losses by their names; before coefficients.
  std::map<std::string, double> losses;
  std::map<std::string, double> coefficients;  // by objective: what its loss was multiplied with
  double learning_rate = 0;
  std::optional<double> gradient_norm;  // where the gradient is clipped
  int64_t images = 0;
};

// The objectives that run in one epoch: those whose coefficient is not 0 in it.
struct EpochObjectives {
  std::vector<size_t> index;          // in MultiTaskModel::objectives(), ascending
  std::vector<Objective> objectives;  // those
  torch::Tensor index_on_device;      // the same, [n] int64
  torch::Tensor coefficients;         // [n] float64, on the run's device
  RouteNormalizer normalize;
};

// One training run as hooks see it.
struct Run {
  Experiment experiment;
  std::filesystem::path work_dir;
  std::unique_ptr<ParameterSpace> parameters;
  std::unique_ptr<Optimizer> optimizer;
  LearningRate learning_rate;
  std::optional<ScheduledMomentum> momentum;  // where the config schedules it
  std::unique_ptr<Weighting> weighting;
  std::unique_ptr<SampleSource> train_source;
  std::unique_ptr<SampleSource> validation_source;
  // Where the weighting needs them: batches of the validation split, further ones of the training
  // split.
  std::unique_ptr<ShuffledBatches> validation_batches;
  std::unique_ptr<ShuffledBatches> training_batches;
  Collective* collective = &Collective::alone();  // of the processes of this training

  int64_t epochs = 0;  // of the whole run
  int64_t steps_per_epoch = 0;
  int64_t epoch = 0;  // finished epochs; during an epoch, its index from 0
  int64_t step = 0;   // finished steps of the run
  // Finished steps of the epoch; 0 again when they are all done. Where a run goes on in the middle
  // of an epoch, it is not 0 when the epoch begins.
  int64_t epoch_step = 0;
  bool resumed = false;
  // What of this run its config does not say, for people: what it began from, what had changed when
  // it went on. Part of its results.
  std::vector<std::string> notes;
  // Of the splits that it uses; filled in when it starts.
  std::vector<SplitPrint> data;

  // State of all hooks by name, for checkpoints; set by the loop.
  std::function<nlohmann::json()> hook_states;
  // Weights that a hook puts in the place of the model's at evaluation (Hook::evaluated_weights);
  // set by the loop, and when a run is resumed.
  std::function<NamedTensors()> evaluated_weights;

  EpochObjectives active;        // of this epoch
  const Batch* batch = nullptr;  // of the last step, on the model's device; up to after_step
  const StepContext* step_context = nullptr;  // of the step; during Hook::after_phase
  StepReport last;
  std::map<std::string, double> epoch_losses;  // means over the epoch so far, by objective
  double epoch_seconds = 0;
  double epoch_waited = 0;  // of them, for the loader

  std::optional<Evaluation> evaluation;  // of this epoch, if there was one
  double score = 0;                      // its selection_score
  int64_t best_epoch = 0;                // 1-based; 0: none yet
  double best_score = 0;
  std::optional<Evaluation> best_evaluation;
  bool is_best() const { return evaluation.has_value() && best_epoch == epoch + 1; }

  // The file with the weights of the best epoch, which is there from the first evaluation on where
  // the run has a Checkpoint hook.
  std::filesystem::path best() const;
  // Ends the run after the step that it is in, or before the next epoch: hooks may ask for it. What
  // the checkpoints have can be resumed. `reason` is printed, and is not empty.
  void stop(const std::string& reason) { stopped = reason; }
  std::string stopped;  // "": not asked to

  const std::vector<Objective>& objectives() const { return experiment.model->objectives(); }
  // Of values by objective, those of the primaries, or those of the self-auxiliaries.
  std::map<std::string, double> of_primaries(const std::map<std::string, double>& values) const;
  std::map<std::string, double> of_auxiliaries(const std::map<std::string, double>& values) const;
  // Those of the model's extra losses.
  std::map<std::string, double> of_extra(const std::map<std::string, double>& values) const;
  // Fills `active` and starts the weighting's batches for the epoch that the run is at, those that
  // its finished steps have taken left out.
  void begin_epoch();
};

}  // namespace tasuki
