#pragma once

#include <utility>
#include <vector>

#include "tests/plugins/weightings/linear_step.h"

namespace tasuki::testing {

// Further batches of a LinearProblem: on each the losses are what they are on the step's own.
class LinearBatches : public FurtherBatches {
 public:
  // `step` are the objectives of the step, `primaries` those of the model.
  LinearBatches(const LinearProblem& problem, std::vector<size_t> step,
                std::vector<size_t> primaries)
      : problem_(problem), step_(std::move(step)), primaries_(std::move(primaries)) {}

  std::vector<torch::Tensor> next_training_losses() override {
    ++training_calls;
    return problem_.losses(step_);
  }
  std::vector<torch::Tensor> next_validation_losses() override {
    ++validation_calls;
    return problem_.losses(primaries_);
  }

  int training_calls = 0;
  int validation_calls = 0;

 private:
  const LinearProblem& problem_;
  std::vector<size_t> step_, primaries_;
};

}  // namespace tasuki::testing
