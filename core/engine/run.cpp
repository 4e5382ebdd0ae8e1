#include <torch/torch.h>

#include <algorithm>

#include "tasuki/config/config_query.h"
#include "tasuki/engine/checkpoint.h"
#include "tasuki/engine/evaluation_policy.h"
#include "tasuki/engine/parameter_options.h"
#include "tasuki/engine/trainer.h"
#include "tasuki/engine/weighting_context.h"

namespace tasuki {
namespace {

constexpr uint64_t kTrainingStream = 1;  // of ShuffledBatches

std::map<std::string, double> values_of(const std::vector<Objective>& objectives, bool auxiliary,
                                        const std::map<std::string, double>& values) {
  std::map<std::string, double> found;
  for (const auto& objective : objectives) {
    const auto value = values.find(objective.name);
    if (objective.auxiliary == auxiliary && value != values.end()) found.insert(*value);
  }
  return found;
}

// The learning rate and the momentum by step.
void add_schedules(Run& run) {
  const auto& config = run.experiment.config;
  const auto& train = config.message().train();
  const auto warmup = int64_t(train.warmup_steps());
  if (warmup >= run.epochs * run.steps_per_epoch) {
    throw config.error("train.warmup_steps", std::to_string(warmup) +
                                                 " steps, but the run has only " +
                                                 std::to_string(run.epochs * run.steps_per_epoch) +
                                                 "; set fewer, or train for more epochs");
  }
  const Schedule::Context context{run.steps_per_epoch, run.epochs * run.steps_per_epoch - warmup,
                                  measured_names(run)};
  run.learning_rate =
      LearningRate(run.optimizer->base_learning_rate(), warmup,
                   config.create<Schedule>("train.schedule", train.schedule(), context));
  if (train.has_momentum_schedule()) {
    const auto base = run.optimizer->base_momentum();
    if (!base) {
      throw config.error("train.momentum_schedule", "the optimizer has no momentum to schedule");
    }
    run.momentum.emplace(
        *base, warmup,
        config.create<Schedule>("train.momentum_schedule", train.momentum_schedule(), context));
  }
}

// The weighting, with the batches that it asks for.
void add_weighting(Run& run) {
  const auto& config = run.experiment.config;
  const auto& train = config.message().train();
  run.weighting =
      config.create<Weighting>("train.weighting", train.weighting(), weighting_context(run));
  const auto needs = run.weighting->needs();
  if (needs.validation_batch) {
    run.validation_batches =
        std::make_unique<ShuffledBatches>(run.experiment, *run.validation_source);
  }
  if (needs.training_batches) {
    run.training_batches =
        std::make_unique<ShuffledBatches>(run.experiment, *run.train_source, kTrainingStream);
  }
}

}  // namespace

std::map<std::string, double> Run::of_primaries(const std::map<std::string, double>& values) const {
  return values_of(objectives(), false, values);
}

std::map<std::string, double> Run::of_auxiliaries(
    const std::map<std::string, double>& values) const {
  return values_of(objectives(), true, values);
}

std::filesystem::path Run::best() const {
  return work_dir / kBestFile;
}

std::map<std::string, double> Run::of_extra(const std::map<std::string, double>& values) const {
  auto rest = values;
  for (const auto& objective : objectives()) rest.erase(objective.name);
  return rest;
}

void Run::begin_epoch() {
  active = {};
  std::vector<double> coefficients;
  for (size_t i = 0; i < objectives().size(); ++i) {
    const double coefficient = objectives()[i].coefficient.at(epoch);
    if (coefficient == 0) continue;
    active.index.push_back(i);
    active.objectives.push_back(objectives()[i]);
    coefficients.push_back(coefficient);
  }
  const std::vector<int64_t> index(active.index.begin(), active.index.end());
  active.index_on_device = torch::tensor(index, torch::kInt64).to(experiment.device);
  active.coefficients = torch::tensor(coefficients, torch::kFloat64).to(experiment.device);
  const auto mode = experiment.config.message().train().route_normalization();
  active.normalize = RouteNormalizer(mode, active.objectives, experiment.device);
  for (auto* batches : {validation_batches.get(), training_batches.get()}) {
    if (batches != nullptr) batches->start(epoch, epoch_step > 0 ? batches->taken() : 0);
  }
}

Run build_run(Experiment experiment, const std::filesystem::path& work_dir,
              InitialWeights weights) {
  Run run;
  run.experiment = std::move(experiment);
  run.work_dir = work_dir;
  const auto& config = run.experiment.config;
  const auto& train = config.message().train();
  if (weights == InitialWeights::kPretrained) {
    const auto note = run.experiment.model->load_pretrained(config);
    if (!note.empty()) run.notes.push_back(note);
  }
  auto parameters = list_parameters(*run.experiment.model);
  apply_parameter_options(config, *run.experiment.model, parameters);
  run.parameters =
      std::make_unique<ParameterSpace>(std::move(parameters), run.experiment.channels_last());
  run.train_source =
      run.experiment.source(run.experiment.train_split(), Experiment::Pipeline::kTrain);
  run.validation_source =
      run.experiment.source(run.experiment.validation_split(), Experiment::Pipeline::kEvaluate);
  run.epochs = epochs_of(config.message());
  const Loader loader(*run.train_source,
                      run.experiment.loader_options(Experiment::Pipeline::kTrain));
  run.steps_per_epoch = int64_t(loader.batches());
  if (run.steps_per_epoch == 0) {
    throw config.error("data.loader.batch_size",
                       "split " + run.experiment.train_split() + " has " +
                           std::to_string(run.train_source->size()) +
                           " samples, less than one batch, and drop_last leaves it out");
  }
  run.optimizer = config.create<Optimizer>("train.optimizer", train.optimizer(),
                                           {run.parameters->values(), run.parameters->groups()});
  add_schedules(run);
  add_weighting(run);
  run.begin_epoch();
  return run;
}

std::vector<NamedHook> build_hooks(const ResolvedConfig& config) {
  std::vector<NamedHook> hooks;
  for (const auto& described : config.message().train().hook()) {
    const std::string path = "train.hook[" + described.name() + "]";
    if (described.name().empty()) throw config.error("train.hook", "a hook has no name");
    NamedHook hook;
    hook.name = described.name();
    hook.hook = config.create<Hook>(path + ".hook", described.hook(), {hook.name});
    hook.priority = described.has_priority() ? described.priority() : hook.hook->default_priority();
    hooks.push_back(std::move(hook));
  }
  std::stable_sort(hooks.begin(), hooks.end(),
                   [](const NamedHook& a, const NamedHook& b) { return a.priority < b.priority; });
  return hooks;
}

NamedTensors evaluated_weights(const std::vector<NamedHook>& hooks) {
  NamedTensors weights;
  std::string owner;
  for (const auto& hook : hooks) {
    auto found = hook.hook->evaluated_weights();
    if (found.empty()) continue;
    if (!owner.empty()) {
      throw Error(ErrorKind::kUsage, "train.hook: " + owner + " and " + hook.name +
                                         " both put weights in the place of the model's at "
                                         "evaluation; keep one of them");
    }
    owner = hook.name;
    weights = std::move(found);
  }
  return weights;
}

}  // namespace tasuki
