#include "core/engine/evaluation_policy.h"

#include <cmath>

#include "core/evaluation/delta_m.h"

namespace tasuki {

bool evaluation_is_due(const Run& run) {
  const auto& train = run.experiment.config.message().train();
  const int64_t every = train.evaluate_every();
  if (run.epoch + 1 == run.epochs) return true;
  return every != 0 && (run.epoch + 1) % every == 0;
}

void record_evaluation(Run& run, Evaluation evaluation) {
  run.evaluation = std::move(evaluation);
  std::vector<TaskValues> values;
  for (const auto& task : run.evaluation->tasks) values.push_back({task.task, task.values});
  run.score = selection_score(values);
  const bool first_number = std::isnan(run.best_score) && !std::isnan(run.score);
  if (run.best_epoch == 0 || first_number || run.score > run.best_score) {
    run.best_epoch = run.epoch + 1;
    run.best_score = run.score;
    run.best = run.evaluation;
  }
}

}  // namespace tasuki
