#include "tasuki/step/look_ahead.h"

#include <torch/torch.h>

namespace tasuki {

std::vector<torch::Tensor> LookAhead::repeated_losses() {
  const torch::NoGradGuard no_grad;
  return training_losses(/*update_statistics=*/false);
}

KeptParameters::KeptParameters(const ParameterSpace& parameters, torch::Tensor& copy)
    : values_(parameters.values().variable_data()), start_(copy) {
  if (copy.defined()) {
    copy.copy_(values_);
  } else {
    copy = values_.detach().clone();
  }
}

KeptParameters::~KeptParameters() {
  restore();
}

void KeptParameters::move(const torch::Tensor& direction, double length) {
  const torch::NoGradGuard no_grad;
  torch::add_out(values_, start_, direction, length);
}

void KeptParameters::restore() {
  values_.copy_(start_);
}

}  // namespace tasuki
