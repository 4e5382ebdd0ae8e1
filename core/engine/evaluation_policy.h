#pragma once

#include "tasuki/engine/run.h"

namespace tasuki {

// Whether the run is evaluated after the epoch that it has just finished (run.epoch is still its
// index): every train.evaluate_every epochs, and after the last.
bool evaluation_is_due(const Run& run);

// Makes `evaluation` that of the run's present epoch: its score, and the best epoch where it is.
// The best is the first with the largest selection_score; one that is a number is better than one
// that is none.
void record_evaluation(Run& run, Evaluation evaluation);

// What schedules may go by: the run's present evaluation as "task.metric", the means of its epoch's
// losses as "loss.OBJECTIVE", and "score".
std::vector<Measured> measured(const Run& run);
// The names of all of that, before there is an evaluation.
std::vector<std::string> measured_names(const Run& run);

}  // namespace tasuki
