#include "tasuki/engine/evaluation_policy.h"

#include <cmath>

#include "tasuki/evaluation/delta_m.h"

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
    run.best_evaluation = run.evaluation;
  }
}

std::vector<Measured> measured(const Run& run) {
  std::vector<Measured> all = {{"score", run.score, true}};
  for (const auto& task : run.evaluation->tasks) {
    for (const auto& value : task.values) {
      all.push_back({task.task + "." + value.info.name, value.value, value.info.higher_is_better});
    }
  }
  for (const auto& [name, loss] : run.epoch_losses) all.push_back({"loss." + name, loss, false});
  return all;
}

std::vector<std::string> measured_names(const Run& run) {
  std::vector<std::string> names = {"score"};
  for (const auto* task : run.experiment.tasks()) {
    for (const auto& value : task->make_metrics().values()) {
      names.push_back(task->name + "." + value.info.name);
    }
  }
  for (const auto& objective : run.objectives()) names.push_back("loss." + objective.name);
  return names;
}

}  // namespace tasuki
