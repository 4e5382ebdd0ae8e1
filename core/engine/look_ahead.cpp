#include "tasuki/engine/look_ahead.h"

#include <torch/torch.h>

#include <optional>

#include "tasuki/engine/step_losses.h"

namespace tasuki {
namespace {

at::Generator default_generator(torch::Device device) {
  return at::globalContext().defaultGenerator(device);
}

constexpr uint64_t kValidationStream = 0;

Loader::Options shuffled_options(const Experiment& experiment, const SampleSource& source,
                                 uint64_t stream) {
  auto options = experiment.loader_options(Experiment::Pipeline::kTrain);
  if (stream == kValidationStream) {
    options.sampler = nullptr;
    options.transforms.clear();
  }
  options.batch_size =
      std::min(options.batch_size, options.sampler ? options.sampler->length() : source.size());
  options.workers = std::min<size_t>(options.workers, 1);
  options.prefetch = 1;
  options.drop_last = true;
  options.shuffle = true;
  return options;
}

Error not_declared(const std::string& split) {
  return Error(ErrorKind::kPlugin,
               "the weighting asks for a " + split + " batch, and its needs() do not say so");
}

}  // namespace

torch::Tensor random_state(torch::Device device) {
  auto generator = default_generator(device);
  const std::lock_guard lock(generator.mutex());
  return generator.get_state();
}

void set_random_state(torch::Device device, const torch::Tensor& state) {
  auto generator = default_generator(device);
  const std::lock_guard lock(generator.mutex());
  generator.set_state(state);
}

KeptBuffers::KeptBuffers(torch::nn::Module& module) {
  for (const auto& buffer : module.buffers()) buffers_.emplace_back(buffer, buffer.clone());
}

KeptBuffers::~KeptBuffers() {
  const torch::NoGradGuard no_grad;
  for (auto& [buffer, copy] : buffers_) buffer.variable_data().copy_(copy);
}

ShuffledBatches::ShuffledBatches(const Experiment& experiment, const SampleSource& source,
                                 uint64_t stream)
    : loader_(source, shuffled_options(experiment, source, stream)),
      split_(source.split()),
      stream_(stream) {}

void ShuffledBatches::start(int64_t epoch, int64_t taken) {
  epoch_ = uint64_t(epoch);
  taken_ = taken;
  start_round();
}

// At the batch behind those that are taken.
void ShuffledBatches::start_round() {
  const auto batches = uint64_t(loader_.batches());
  if (batches == 0) throw Error(ErrorKind::kData, "split " + split_ + " has no sample");
  const uint64_t round = uint64_t(taken_) / batches;
  loader_.start(stream_ == kValidationStream ? mix_seeds({epoch_, round})
                                             : mix_seeds({epoch_, round, stream_}),
                uint64_t(taken_) % batches);
}

Batch ShuffledBatches::next() {
  auto batch = loader_.next();
  if (!batch) {
    start_round();
    batch = loader_.next();
  }
  if (!batch) throw Error(ErrorKind::kData, "split " + split_ + " has no batch left");
  ++taken_;
  return std::move(*batch);
}

StepLookAhead::StepLookAhead(const Experiment& experiment, const Batch& batch,
                             const std::vector<Objective>& objectives, ShuffledBatches* validation,
                             torch::Tensor random)
    : experiment_(experiment),
      batch_(batch),
      objectives_(objectives),
      validation_(validation),
      random_(std::move(random)) {}

std::vector<torch::Tensor> StepLookAhead::losses(const Batch& batch,
                                                 const std::vector<Objective>& objectives,
                                                 bool update_statistics) {
  std::optional<KeptBuffers> kept;
  if (!update_statistics) kept.emplace(*experiment_.model);
  return exact_losses(experiment_, batch, objectives);
}

std::vector<torch::Tensor> StepLookAhead::training_losses(bool update_statistics) {
  const KeptRandomState kept(experiment_.device);
  set_random_state(experiment_.device, random_);
  return losses(batch_, objectives_, update_statistics);
}

std::vector<torch::Tensor> StepLookAhead::repeated_losses() {
  const torch::NoGradGuard no_grad;
  const KeptRandomState kept_random(experiment_.device);
  const KeptBuffers kept_buffers(*experiment_.model);
  set_random_state(experiment_.device, random_);
  return step_losses(experiment_, batch_, objectives_);
}

std::vector<torch::Tensor> StepLookAhead::validation_losses(bool update_statistics) {
  if (validation_ == nullptr) throw not_declared("validation");
  const auto batch = validation_->next().to(experiment_.device);
  return losses(batch, experiment_.model->primaries(), update_statistics);
}

std::vector<torch::Tensor> StepBatches::next_training_losses() {
  return losses(training_, "training", objectives_);
}

std::vector<torch::Tensor> StepBatches::next_validation_losses() {
  return losses(validation_, "validation", experiment_.model->primaries());
}

std::vector<torch::Tensor> StepBatches::losses(ShuffledBatches* batches, const char* split,
                                               const std::vector<Objective>& objectives) {
  if (batches == nullptr) throw not_declared(split);
  const KeptBuffers kept(*experiment_.model);
  return step_losses(experiment_, batches->next().to(experiment_.device), objectives);
}

}  // namespace tasuki
