#include "core/engine/trainer.h"

#include <torch/torch.h>

#include <chrono>
#include <cmath>
#include <optional>

#include "core/engine/precision.h"
#include "core/engine/step_losses.h"
#include "core/model/delta_m.h"

namespace tasuki {
namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Seconds since the last call, the GPU's work included where that is asked for.
class Lap {
 public:
  explicit Lap(const Run& run) : wait_(run.synchronize && run.experiment.device.is_cuda()) {}
  double operator()() {
    if (wait_) torch::cuda::synchronize();
    const double seconds = seconds_since(start_);
    start_ = std::chrono::steady_clock::now();
    return seconds;
  }

 private:
  bool wait_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace

double Trainer::learning_rate() const {
  const auto& train = run_.experiment.config.message().train();
  const int64_t warmup = train.warmup_steps();
  const double base = run_.optimizer->base_learning_rate();
  if (run_.step < warmup) return base * double(run_.step + 1) / double(warmup);
  return base * run_.schedule->factor(run_.step - warmup);
}

std::vector<torch::Tensor> Trainer::losses() {
  const auto& experiment = run_.experiment;
  Lap lap(run_);
  const auto logits = step_logits(experiment, batch_, run_.active.objectives);
  run_.last.seconds.forward = lap();
  auto losses = step_losses(experiment, batch_, run_.active.objectives, logits);
  run_.last.seconds.losses = lap();
  return losses;
}

void Trainer::check_finite(const std::vector<torch::Tensor>& losses) {
  const auto& objectives = run_.active.objectives;
  run_.last.losses.clear();
  for (size_t i = 0; i < losses.size(); ++i) {
    const double value = losses[i].item<double>();
    run_.last.losses[objectives[i].name] = value;
    if (std::isfinite(value)) continue;
    std::vector<std::string> ids;
    for (const auto& sample : batch_.samples) ids.push_back(sample.id);
    throw Error(ErrorKind::kRun, "the loss of " + objectives[i].name + " is " +
                                     std::to_string(value) + " in epoch " +
                                     std::to_string(run_.epoch + 1) + ", step " +
                                     std::to_string(run_.step + 1) + " (samples " + join(ids) +
                                     "); lower the learning rate, or set train.clip_norm");
  }
}

// Gradients of the batch's losses in the buffer, as the weighting makes them.
void Trainer::backward() {
  const auto& experiment = run_.experiment;
  const auto& active = run_.active;
  std::optional<StepLookAhead> look_ahead;
  if (run_.validation_batches) {
    look_ahead.emplace(experiment, batch_, active.objectives, *run_.validation_batches,
                       random_state(experiment.device));
  }
  WeightingStep step{
      .index = active.index,
      .losses = losses(),
      .coefficients = active.coefficients,
      .normalize = active.normalize,
      .epoch = run_.epoch,
      .step = run_.step,
      .learning_rate = run_.last.learning_rate,
      .momentum = run_.optimizer->momentum(),
      .backward = [](const torch::Tensor& loss, bool keep_graph) { loss.backward({}, keep_graph); },
      .look_ahead = look_ahead ? &*look_ahead : nullptr};
  check_finite(step.losses);
  Lap lap(run_);
  const auto factors = run_.weighting->backward(step);
  run_.last.coefficients.clear();
  for (size_t i = 0; i < factors.size(); ++i) {
    run_.last.coefficients[active.objectives[i].name] = factors[i];
  }
  run_.last.seconds.backward = lap();
}

void Trainer::step(const Batch& batch) {
  batch_ = batch.to(run_.experiment.device);
  run_.batch = &batch_;
  run_.parameters->zero_gradient();
  run_.last.learning_rate = learning_rate();
  run_.last.images = batch.size();
  backward();
  Lap lap(run_);
  const double clip = run_.experiment.config.message().train().clip_norm();
  if (clip > 0) run_.last.gradient_norm = run_.parameters->clip_gradient(clip);
  run_.optimizer->step(run_.last.learning_rate);
  forget_casts();
  run_.last.seconds.optimizer = lap();
  ++run_.step;
}

void Trainer::epoch() {
  const auto start = std::chrono::steady_clock::now();
  // Dropout and the like depend on the epoch alone, so that a resumed run draws the same numbers.
  const uint64_t seed = run_.experiment.config.message().train().seed();
  torch::manual_seed(mix_seeds({seed, uint64_t(run_.epoch) + 1}));
  run_.begin_epoch();
  run_.epoch_losses.clear();
  run_.evaluation.reset();
  Loader loader(*run_.train_source, run_.experiment.loader_options(Experiment::Pipeline::kTrain));
  loader.start(uint64_t(run_.epoch));
  each_hook([&](Hook& hook) { hook.before_epoch(run_); });
  run_.experiment.model->train();
  int64_t steps = 0;
  while (const auto batch = loader.next()) {
    step(*batch);
    ++steps;
    for (const auto& [name, loss] : run_.last.losses) {
      double& mean = run_.epoch_losses[name];
      mean += (loss - mean) / double(steps);
    }
    run_.epoch_seconds = seconds_since(start);
    run_.epoch_waited = loader.waited();
    each_hook([&](Hook& hook) { hook.after_step(run_); });
  }
  run_.batch = nullptr;
  batch_ = {};
}

void Trainer::evaluate_epoch() {
  const auto& train = run_.experiment.config.message().train();
  const int64_t every = train.has_evaluate_every() ? train.evaluate_every() : 1;
  const bool last = run_.epoch + 1 == run_.epochs;
  if (!last && (every == 0 || (run_.epoch + 1) % every != 0)) return;
  run_.evaluation = evaluate(run_.experiment, *run_.validation_source);
  std::vector<TaskValues> values;
  for (const auto& task : run_.evaluation->tasks) values.push_back({task.task, task.values});
  run_.score = selection_score(values);
  const bool first_number = std::isnan(run_.best_score) && !std::isnan(run_.score);
  if (run_.best_epoch == 0 || first_number || run_.score > run_.best_score) {
    run_.best_epoch = run_.epoch + 1;
    run_.best_score = run_.score;
    run_.best = run_.evaluation;
  }
}

void Trainer::train() {
  bool finished = false;
  run_.hook_states = [this] {
    nlohmann::json states = nlohmann::json::object();
    for (const auto& hook : hooks_) states[hook.name] = hook.hook->state();
    return states;
  };
  size_t started = 0;
  const auto after_run = [&] {
    for (size_t i = 0; i < started; ++i) hooks_[i].hook->after_run(run_, finished);
  };
  try {
    each_hook([&](Hook& hook) {
      ++started;
      hook.before_run(run_);
    });
    for (; run_.epoch < run_.epochs; ++run_.epoch) {
      epoch();
      evaluate_epoch();
      each_hook([&](Hook& hook) { hook.after_epoch(run_); });
    }
    finished = true;
  } catch (...) {
    after_run();
    throw;
  }
  after_run();
}

}  // namespace tasuki
