#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <memory>
#include <vector>

#include "tasuki/engine/experiment.h"
#include "tasuki/step/look_ahead.h"

namespace tasuki {

// State of LibTorch's default generator of a device: what dropout draws from.
torch::Tensor random_state(torch::Device device);
void set_random_state(torch::Device device, const torch::Tensor& state);

// Puts it back as it was.
class KeptRandomState {
 public:
  explicit KeptRandomState(torch::Device device) : device_(device), state_(random_state(device)) {}
  ~KeptRandomState() { set_random_state(device_, state_); }
  KeptRandomState(const KeptRandomState&) = delete;
  KeptRandomState& operator=(const KeptRandomState&) = delete;

 private:
  torch::Device device_;
  torch::Tensor state_;
};

// Puts a module's buffers (BatchNorm's running statistics) back as they were when it was made. A
// graph that was built before stays good: autograd does not count the writing back.
class KeptBuffers {
 public:
  explicit KeptBuffers(torch::nn::Module& module);
  ~KeptBuffers();
  KeptBuffers(const KeptBuffers&) = delete;
  KeptBuffers& operator=(const KeptBuffers&) = delete;

 private:
  std::vector<std::pair<torch::Tensor, torch::Tensor>> buffers_;  // buffer, copy
};

// Batches of a split beside the loop's own, for weightings that ask for them: as large as the
// training batches (or the split, where that is smaller), shuffled, round after round. What comes
// depends on the run's seed, the epoch and `stream` alone; 0 is that of the validation split, the
// others have the training split's sampler and batch transforms.
class ShuffledBatches {
 public:
  ShuffledBatches(const Experiment& experiment, const SampleSource& source, uint64_t stream = 0);

  // Begins an epoch behind the `taken` batches that it has given already, none of which is made.
  void start(int64_t epoch, int64_t taken = 0);
  Batch next();
  // Batches of this epoch that next() has given.
  int64_t taken() const { return taken_; }

 private:
  void start_round();

  Loader loader_;
  std::string split_;
  uint64_t stream_;
  uint64_t epoch_ = 0;
  int64_t taken_ = 0;
};

// Look-aheads of one step of a run, in exact fp32 (exact_losses) but for the repeated ones.
// `random` is the generator's state just before the step's forward pass; `validation` is nullptr
// where the weighting has not declared that it needs it.
class StepLookAhead : public LookAhead {
 public:
  StepLookAhead(const Experiment& experiment, const Batch& batch,
                const std::vector<Objective>& objectives, ShuffledBatches* validation,
                torch::Tensor random);

  std::vector<torch::Tensor> training_losses(bool update_statistics) override;
  std::vector<torch::Tensor> repeated_losses() override;
  std::vector<torch::Tensor> validation_losses(bool update_statistics) override;

 private:
  std::vector<torch::Tensor> losses(const Batch& batch, const std::vector<Objective>& objectives,
                                    bool update_statistics);

  const Experiment& experiment_;
  const Batch& batch_;
  const std::vector<Objective>& objectives_;
  ShuffledBatches* validation_;
  torch::Tensor random_;
};

// Further batches of one step of a run; nullptr for splits that the weighting has not declared that
// it needs.
class StepBatches : public FurtherBatches {
 public:
  StepBatches(const Experiment& experiment, const std::vector<Objective>& objectives,
              ShuffledBatches* training, ShuffledBatches* validation)
      : experiment_(experiment),
        objectives_(objectives),
        training_(training),
        validation_(validation) {}

  std::vector<torch::Tensor> next_training_losses() override;
  std::vector<torch::Tensor> next_validation_losses() override;

 private:
  std::vector<torch::Tensor> losses(ShuffledBatches* batches, const char* split,
                                    const std::vector<Objective>& objectives);

  const Experiment& experiment_;
  const std::vector<Objective>& objectives_;
  ShuffledBatches* training_;
  ShuffledBatches* validation_;
};

}  // namespace tasuki
