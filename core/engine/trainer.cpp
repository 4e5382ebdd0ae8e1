#include "tasuki/engine/trainer.h"

#include <torch/torch.h>

#include <chrono>
#include <exception>
#include <iostream>

#include "tasuki/engine/data_prints.h"
#include "tasuki/engine/evaluation_policy.h"
#include "tasuki/engine/not_finite.h"
#include "tasuki/engine/precision.h"
#include "tasuki/engine/processes.h"
#include "tasuki/engine/step_losses.h"
#include "tasuki/step/extra_gradient.h"
#include "tasuki/step/shared_losses.h"
#include "tasuki/system/elapsed.h"

namespace tasuki {
namespace {

// The model's forward passes keep what `trace` asks for while this lives.
class Traced {
 public:
  Traced(MultiTaskModel& model, ForwardTrace* trace) : model_(model) { model_.set_trace(trace); }
  ~Traced() { model_.set_trace(nullptr); }
  Traced(const Traced&) = delete;
  Traced& operator=(const Traced&) = delete;

 private:
  MultiTaskModel& model_;
};

// Hooks see the step's context while this lives.
class Shown {
 public:
  Shown(Run& run, const StepContext& context) : run_(run) { run_.step_context = &context; }
  ~Shown() { run_.step_context = nullptr; }
  Shown(const Shown&) = delete;
  Shown& operator=(const Shown&) = delete;

 private:
  Run& run_;
};

// An architecture's own losses are means over the images that it has seen: each process' counts for
// as many as it has, so that the mean over the processes is that over all of the batch.
void weigh_extra_losses(StepContext& context, const Batch& batch) {
  auto& processes = *context.collective;
  if (processes.size() == 1 || context.extra_losses.empty()) return;
  const double own = batch.counts ? double(batch.size()) : 0;
  const auto all = torch::tensor({own}, torch::kFloat64);
  processes.sum(all);
  const double share = own * double(processes.size()) / all.item<double>();
  if (share == 1) return;
  for (auto& extra : context.extra_losses) extra.loss = extra.loss * share;
}

}  // namespace

// What of a step the host reads, on the device.
struct Trainer::Outcome {
  torch::Tensor losses;  // [n] float64
  torch::Tensor norm;    // of the gradient, where it is clipped; else 0
  torch::Tensor finite;  // whether all is, so that the update was applied
  torch::Tensor extra;   // [k] float64: the extra losses
};

Trainer::Trainer(Run& run, std::vector<NamedHook>& hooks)
    : run_(run), hooks_(hooks), listeners_(kStepPhases) {
  for (auto& hook : hooks_) {
    for (const auto phase : hook.hook->phases()) listeners_[size_t(phase)].push_back(&hook);
  }
}

// What hooks compute of losses is of this process' part of the batch: some are with the first
// process alone.
void Trainer::finish(StepPhase phase) {
  if (listeners_[size_t(phase)].empty()) return;
  const SharedLosses own(Collective::alone());
  for (const auto* listener : listeners_[size_t(phase)]) {
    listener->hook->after_phase(run_, phase);
    check_views(*listener);
  }
}

void Trainer::fill(StepContext& context) {
  const auto& active = run_.active;
  context.index = active.index;
  context.index_on_device = active.index_on_device;
  context.coefficients = active.coefficients;
  context.normalize = active.normalize;
  context.epoch = run_.epoch;
  context.step = run_.step;
  context.epochs = run_.epochs;
  context.steps_per_epoch = run_.steps_per_epoch;
  context.learning_rate = run_.last.learning_rate;
  context.momentum = run_.optimizer->momentum();
  context.parameters = run_.parameters.get();
  context.backward = [](const torch::Tensor& loss, bool keep_graph) {
    loss.backward({}, keep_graph);
  };
  context.collective = run_.collective;
  const auto seed = run_.experiment.config.message().train().seed();
  context.draws = Draws::of_step(seed, run_.epoch, run_.step);
}

void Trainer::forward(StepContext& context) {
  const auto& experiment = run_.experiment;
  const Traced traced(*experiment.model, context.trace);
  experiment.model->architecture().set_progress(
      {run_.epoch, run_.step, run_.epochs, run_.steps_per_epoch});
  const auto outputs = step_outputs(experiment, batch_, run_.active.objectives);
  finish(StepPhase::kForward);
  context.losses = step_losses(experiment, batch_, run_.active.objectives, outputs);
  context.extra_losses = outputs.extra_losses;
  weigh_extra_losses(context, batch_);
  finish(StepPhase::kLosses);
}

// What a weighting complains of may come of numbers that were not finite before it saw them.
void Trainer::make_gradient(StepContext& context) {
  try {
    ExtraGradient extra(context);
    run_.weighting->backward(context);
    finish(StepPhase::kBackward);
    finish(StepPhase::kUnscale);
    run_.weighting->reduce(context);
    finish(StepPhase::kReduce);
    run_.weighting->combine(context);
    extra.add_to(context);
    finish(StepPhase::kCombine);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kRun) throw;
    const auto losses = to_vector(context.loss_values());
    if (const auto cause = not_finite(run_, batch_, random_, losses)) throw *cause;
    throw;
  }
  // Their graph is done with, and the features that it kept.
  for (auto& loss : context.losses) loss = loss.detach();
  for (auto& extra : context.extra_losses) extra.loss = extra.loss.detach();
  if (context.trace != nullptr) *context.trace = {};
}

// The device leaves the update out where a loss or the gradient is not finite.
Trainer::Outcome Trainer::update(const StepContext& context) {
  Outcome outcome{context.loss_values(), {}, {}, context.extra_loss_values()};
  const double clip = run_.experiment.config.message().train().clip_norm();
  outcome.norm = torch::zeros({}, outcome.losses.options());
  outcome.finite = outcome.losses.isfinite().all().logical_and(outcome.extra.isfinite().all());
  if (clip > 0) {
    const auto per = run_.experiment.config.message().train().clip_per();
    outcome.norm = run_.parameters->clip_gradient(clip, per).to(torch::kFloat64);
    outcome.finite = outcome.finite.logical_and(outcome.norm.isfinite());
  } else {
    outcome.finite = outcome.finite.logical_and(run_.parameters->gradient_is_finite());
  }
  finish(StepPhase::kClip);
  run_.optimizer->step(run_.last.learning_rate, outcome.finite);
  forget_casts();
  // Weights are the same in all processes; statistics are those of a process' own images, and from
  // here on the first one's.
  broadcast_tensors(*run_.collective, run_.experiment.model->buffers());
  finish(StepPhase::kUpdate);
  return outcome;
}

// The host reads all that it wants to know of the step at once, when all of it is given to do.
void Trainer::report(const StepContext& context, const Outcome& outcome) {
  const auto n = int64_t(context.size());
  const auto applied = context.applied.detach().to(outcome.losses.device(), torch::kFloat64);
  const auto rest = torch::stack({outcome.norm, outcome.finite.to(torch::kFloat64)});
  const auto read = to_vector(torch::cat({outcome.losses, applied, rest, outcome.extra}));
  if (run_.experiment.config.message().train().clip_norm() > 0) {
    run_.last.gradient_norm = read[size_t(2 * n)];
  }
  run_.last.losses.clear();
  run_.last.coefficients.clear();
  for (size_t i = 0; i < context.size(); ++i) {
    const auto& name = run_.active.objectives[i].name;
    run_.last.losses[name] = read[i];
    run_.last.coefficients[name] = read[i + context.size()];
  }
  for (size_t k = 0; k < context.extra_losses.size(); ++k) {
    run_.last.losses[context.extra_losses[k].name] = read[size_t(2 * n) + 2 + k];
  }
  if (read[size_t(2 * n) + 1] != 0) return;
  const std::vector<double> losses(read.begin(), read.begin() + n);
  if (const auto cause = not_finite(run_, batch_, random_, losses)) throw *cause;
  throw combination_not_finite(run_, batch_, losses);
}

void Trainer::step(const Batch& batch) {
  const auto& experiment = run_.experiment;
  // Dropout and the like depend on the step alone, so that a run may begin at any.
  const uint64_t seed = experiment.config.message().train().seed();
  const auto of_step = mix_seeds({seed, uint64_t(run_.epoch) + 1, uint64_t(run_.epoch_step)});
  const auto rank = uint64_t(run_.collective->rank());
  torch::manual_seed(rank == 0 ? of_step : mix_seeds({of_step, rank}));
  const SharedLosses shared(*run_.collective);
  batch_ = batch.to(experiment.device);
  run_.batch = &batch_;
  random_ = random_state(experiment.device);
  run_.parameters->zero_gradient();
  run_.last.learning_rate = run_.learning_rate.at(run_.step);
  run_.last.images = batch.size() * run_.collective->size();
  if (run_.momentum) run_.optimizer->set_momentum(run_.momentum->at(run_.step));
  StepLookAhead look_ahead(experiment, batch_, run_.active.objectives,
                           run_.validation_batches.get(), random_);
  StepBatches further(experiment, run_.active.objectives, run_.training_batches.get(),
                      run_.validation_batches.get());
  const auto needs = run_.weighting->needs();
  ForwardTrace trace;
  trace.cuts = needs.features;
  StepContext context;
  context.trace = needs.features || needs.last_features ? &trace : nullptr;
  context.look_ahead = &look_ahead;
  context.further_batches = &further;
  fill(context);
  const Shown shown(run_, context);
  forward(context);
  make_gradient(context);
  const auto outcome = update(context);
  run_.weighting->after_update(context);
  report(context, outcome);
  finish(StepPhase::kAfter);
  ++run_.step;
  ++run_.epoch_step;
}

// Whether it came to the end of the epoch.
bool Trainer::epoch() {
  const auto start = std::chrono::steady_clock::now();
  if (run_.epoch_step == 0) {
    run_.epoch_losses.clear();
    run_.epoch_seconds = run_.epoch_waited = 0;
  }
  const double seconds = run_.epoch_seconds, waited = run_.epoch_waited;  // before it was stopped
  run_.begin_epoch();
  run_.evaluation.reset();
  Loader loader(*run_.train_source, run_.experiment.loader_options(Experiment::Pipeline::kTrain));
  loader.start(uint64_t(run_.epoch), size_t(run_.epoch_step));
  each_hook([&](Hook& hook) { hook.before_epoch(run_); });
  run_.experiment.model->train();
  while (const auto batch = loader.next()) {
    step(*batch);
    for (const auto& [name, loss] : run_.last.losses) {
      double& mean = run_.epoch_losses[name];
      mean += (loss - mean) / double(run_.epoch_step);
    }
    run_.epoch_seconds = seconds + seconds_since(start);
    run_.epoch_waited = waited + loader.waited();
    each_hook([&](Hook& hook) { hook.after_step(run_); });
    agree_to_stop(run_);
    if (!run_.stopped.empty()) break;
  }
  run_.parameters->check();
  run_.batch = nullptr;
  batch_ = {};
  if (run_.epoch_step < int64_t(loader.batches())) return false;
  run_.epoch_step = 0;
  return true;
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
    record_evaluation(run_, evaluate(run_.experiment, *run_.validation_source, *run_.collective));
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
  if (!evaluation_is_due(run_)) return;
  evaluate_model();
  const auto figures = measured(run_);
  run_.learning_rate.observe(figures, run_.step);
  if (run_.momentum) run_.momentum->observe(figures, run_.step);
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
  const KeptRandomState kept_cpu(torch::kCPU), kept(run_.experiment.device);
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
    agree_to_stop(run_);
    run_.evaluated_weights();  // says at once where two hooks have some
    for (; run_.epoch < run_.epochs && run_.stopped.empty(); ++run_.epoch) {
      if (!epoch()) break;
      evaluate_epoch();
      each_hook([&](Hook& hook) { hook.after_epoch(run_); });
      agree_to_stop(run_);
    }
  } catch (...) {
    failure = std::current_exception();
  }
  end_run(started, failure == nullptr && run_.epoch == run_.epochs, failure);
}

}  // namespace tasuki
