#include "core/engine/trainer.h"

#include <torch/torch.h>

#include <chrono>
#include <cmath>
#include <exception>
#include <iostream>
#include <optional>

#include "core/engine/data_prints.h"
#include "core/engine/not_finite.h"
#include "core/engine/precision.h"
#include "core/engine/step_losses.h"
#include "core/evaluation/delta_m.h"

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

// Gradients of the batch's losses in the buffer, as the weighting makes them. Returns the losses'
// values, [n] float64 on their device.
torch::Tensor Trainer::backward() {
  const auto& experiment = run_.experiment;
  const auto& active = run_.active;
  std::optional<StepLookAhead> look_ahead;
  if (run_.validation_batches) {
    look_ahead.emplace(experiment, batch_, active.objectives, *run_.validation_batches, random_);
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
  std::vector<torch::Tensor> values;
  for (const auto& loss : step.losses) values.push_back(loss.detach().to(torch::kFloat64));
  const auto losses = torch::stack(values);
  Lap lap(run_);
  const auto factors = combine(step, losses);
  run_.last.coefficients.clear();
  for (size_t i = 0; i < factors.size(); ++i) {
    run_.last.coefficients[active.objectives[i].name] = factors[i];
  }
  run_.last.seconds.backward = lap();
  return losses;
}

// What a weighting complains of may come of numbers that were not finite before it saw them.
std::vector<double> Trainer::combine(WeightingStep& step, const torch::Tensor& losses) {
  try {
    return run_.weighting->backward(step);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kRun) throw;
    if (const auto cause = not_finite(run_, batch_, random_, to_vector(losses))) throw *cause;
    throw;
  }
}

// The device leaves the update out where a loss or the gradient is not finite; the host reads all
// that it wants to know of the step at once, when all of it is given to do.
void Trainer::update(const torch::Tensor& losses) {
  Lap lap(run_);
  const double clip = run_.experiment.config.message().train().clip_norm();
  auto norm = torch::zeros({}, losses.options());
  auto finite = losses.isfinite().all();
  if (clip > 0) {
    const auto per = run_.experiment.config.message().train().clip_per();
    norm = run_.parameters->clip_gradient(clip, per).to(torch::kFloat64);
    finite = finite.logical_and(norm.isfinite());
  } else {
    finite = finite.logical_and(run_.parameters->gradient_is_finite());
  }
  run_.optimizer->step(run_.last.learning_rate, finite);
  forget_casts();
  run_.last.seconds.optimizer = lap();
  auto read = to_vector(torch::cat({losses, torch::stack({norm, finite.to(torch::kFloat64)})}));
  const bool applied = read.back() != 0;
  read.pop_back();
  if (clip > 0) run_.last.gradient_norm = read.back();
  read.pop_back();
  run_.last.losses.clear();
  for (size_t i = 0; i < read.size(); ++i) {
    run_.last.losses[run_.active.objectives[i].name] = read[i];
  }
  if (applied) return;
  if (const auto cause = not_finite(run_, batch_, random_, read)) throw *cause;
  throw combination_not_finite(run_, batch_);
}

void Trainer::step(const Batch& batch) {
  batch_ = batch.to(run_.experiment.device);
  run_.batch = &batch_;
  random_ = random_state(run_.experiment.device);
  run_.parameters->zero_gradient();
  run_.last.learning_rate = learning_rate();
  run_.last.images = batch.size();
  update(backward());
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
  run_.parameters->check();
  run_.batch = nullptr;
  batch_ = {};
}

// Of a hook that detaches a parameter the end of the epoch would show no more than that one did.
void Trainer::check_views([[maybe_unused]] const NamedHook& after) const {
#ifndef NDEBUG
  try {
    run_.parameters->check();
  } catch (const Error& error) {
    throw error.within("hook " + after.name);
  }
#endif
}

// Whatever fails in between, what hooks put in the model's place is taken out again.
void Trainer::evaluate_model() {
  size_t begun = 0;
  std::exception_ptr failure;
  try {
    for (auto& hook : hooks_) {
      ++begun;
      hook.hook->before_evaluation(run_);
    }
    run_.evaluation = evaluate(run_.experiment, *run_.validation_source);
  } catch (...) {
    failure = std::current_exception();
  }
  for (; begun > 0; --begun) {
    try {
      hooks_[begun - 1].hook->after_evaluation(run_);
    } catch (...) {
      if (!failure) failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
}

void Trainer::evaluate_epoch() {
  const auto& train = run_.experiment.config.message().train();
  const int64_t every = train.has_evaluate_every() ? train.evaluate_every() : 1;
  const bool last = run_.epoch + 1 == run_.epochs;
  if (!last && (every == 0 || (run_.epoch + 1) % every != 0)) return;
  evaluate_model();
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

// Every hook is called, whatever the others do. Throws the first failure, unless the run has one
// of its own: that is what has to be told then, and the others' are lines on the standard error.
void Trainer::end_run(size_t started, bool finished, std::exception_ptr failure) {
  for (size_t i = 0; i < started; ++i) {
    try {
      hooks_[i].hook->after_run(run_, finished);
    } catch (const std::exception& wrong) {
      if (failure) {
        std::cerr << "tasuki: hook " << hooks_[i].name << ", after the run: " << wrong.what()
                  << "\n";
      } else {
        failure = std::current_exception();
      }
    } catch (...) {
      if (!failure) failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
}

void Trainer::train() {
  if (run_.data.empty()) run_.data = data_prints(run_.experiment.config, *run_.experiment.dataset);
  run_.hook_states = [this] {
    nlohmann::json states = nlohmann::json::object();
    for (const auto& hook : hooks_) states[hook.name] = hook.hook->state();
    return states;
  };
  run_.evaluated_weights = [&hooks = hooks_] { return evaluated_weights(hooks); };
  size_t started = 0;
  std::exception_ptr failure;
  try {
    each_hook([&](Hook& hook) {
      ++started;
      hook.before_run(run_);
    });
    run_.evaluated_weights();  // says at once where two hooks have some
    for (; run_.epoch < run_.epochs; ++run_.epoch) {
      epoch();
      evaluate_epoch();
      each_hook([&](Hook& hook) { hook.after_epoch(run_); });
    }
  } catch (...) {
    failure = std::current_exception();
  }
  end_run(started, failure == nullptr, failure);
}

}  // namespace tasuki
