#include <torch/torch.h>

#include "tasuki/step/weighting.h"

namespace tasuki {

const torch::Tensor& LossStep::differentiable_losses() const {
  if (!leaf.defined()) leaf = losses.detach().clone().requires_grad_();
  return leaf;
}

void LossWeighting::set_up(const google::protobuf::Message& options, const Context& context) {
  name_ = options.GetDescriptor()->name();
  const auto own = own_parameter();
  if (!own || !context.make_optimizer) return;  // none, or called without a model
  std::vector<std::string> owners;
  for (const auto& objective : context.objectives) owners.push_back(objective.name);
  const auto device = context.parameters->values().device();
  own_ = std::make_unique<OwnParameters>(own->name, owners, own->init, context.make_optimizer,
                                         device, own->decays);
}

void LossWeighting::backward(StepContext& step) {
  LossStep seen{step.loss_values(), step.coefficients, {},          step.index_tensor(),
                step.epoch,         step.step,         &step.draws, {}};
  if (own_) seen.parameters = own_->values().index_select(0, seen.index);
  const auto answer = weigh(seen);
  const auto factors = step.factors(answer.weights);
  step.applied = factors.detach();
  if (own_) own_loss_ = (factors * seen.losses).sum();
  if (own_ && answer.extra.defined()) own_loss_ = own_loss_ + answer.extra;
  if (seen.leaf.defined() && answer.extra.defined()) {
    const auto further = torch::autograd::grad({answer.extra}, {seen.leaf}, {},
                                               /*retain_graph=*/true, /*create_graph=*/false,
                                               /*allow_unused=*/true)[0];
    if (further.defined()) step.applied = step.applied + further;
  }
  step.backward(weighted_sum(step.losses, step.applied), false);
}

// The model's graph is not walked for its own parameters: dL/dfactor_i is the loss itself.
void LossWeighting::combine(StepContext& step) {
  if (!own_) return;
  own_loss_.backward();
  own_loss_ = torch::Tensor();
  const auto index = step.index_tensor();
  const auto finite = own_->values().grad().index_select(0, index).isfinite().all();
  own_->step(step.learning_rate, finite, index);
}

std::map<std::string, torch::Tensor> LossWeighting::state() const {
  return own_ ? own_->state() : std::map<std::string, torch::Tensor>();
}

void LossWeighting::load_state(const std::map<std::string, torch::Tensor>& state) {
  if (own_) own_->load_state(state, name_);
}

}  // namespace tasuki
