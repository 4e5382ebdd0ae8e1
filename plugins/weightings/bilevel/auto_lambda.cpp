#include <torch/torch.h>

#include <cmath>
#include <optional>

#include "plugins/weightings/bilevel/auto_lambda.pb.h"
#include "plugins/weightings/bilevel/objective_adam.h"
#include "tasuki/engine/precision.h"
#include "tasuki/model/safetensors.h"
#include "tasuki/step/weighting.h"

namespace tasuki::weightings {
namespace {

constexpr double kPerturbation = 0.01;  // length of eps d

std::vector<ParameterGroup> groups_of(const MomentumState& state, int64_t size) {
  if (!state.groups.empty()) return state.groups;
  return {ParameterGroup{{0, size}}};
}

// theta -= lr (momentum buffer + gradient + weight_decay theta), with each group's own lr and
// weight_decay
void virtual_step(KeptParameters& theta, const torch::Tensor& gradient, const MomentumState& state,
                  double lr) {
  const torch::NoGradGuard no_grad;
  for (const auto& [range, lr_multiplier, decay_multiplier] :
       groups_of(state, theta.values().numel())) {
    const double rate = lr * lr_multiplier, decay = state.weight_decay * decay_multiplier;
    const auto part = [&, range = range](const torch::Tensor& flat) {
      return flat.slice(0, range.begin, range.end);
    };
    auto values = part(theta.values());
    values.add_(part(gradient), -rate);
    if (decay != 0) values.add_(part(theta.start()), -rate * decay);
    if (state.buffer.defined()) values.add_(part(state.buffer), -rate * state.momentum);
  }
}

class AutoLambda : public StepWeighting {
 public:
  AutoLambda(const options::AutoLambda& options, const Context& context)
      : parameters_(context.parameters),
        lagged_(options.lagged()),
        every_(options.every()),
        update_statistics_(options.update_statistics()),
        weights_(int64_t(context.objectives.size()), options.init(), options.lr()) {}

  WeightingNeeds needs() const override { return {.validation_batch = true}; }

  void backward(StepContext& step) override {
    if (step.step % every_ != 0) {
      train(step);
    } else if (lagged_) {
      train_and_learn(step);
    } else {
      learn_and_train(step);
    }
  }

  std::map<std::string, torch::Tensor> state() const override { return weights_.state(); }

  void load_state(const std::map<std::string, torch::Tensor>& state) override {
    const auto targets = this->state();
    copy_tensors({state.begin(), state.end()}, {targets.begin(), targets.end()}, "AutoLambda");
  }

 private:
  void train(StepContext& step) const {
    step.applied = step.factors(weights_.at(step.index));
    step.backward(weighted_sum(step.losses, step.applied), false);
  }

  // The published order. The graph of the training losses is walked twice, built once.
  void learn_and_train(StepContext& step) {
    const auto weights = weights_.at(step.index).requires_grad_();
    const auto factors = step.factors(weights);
    step.backward(weighted_sum(step.losses, factors.detach()), true);
    learn(step, weights, factors);
    train(step);
  }

  void train_and_learn(StepContext& step) {
    const auto weights = weights_.at(step.index).requires_grad_();
    const auto factors = step.factors(weights);
    step.applied = factors.detach();
    step.backward(weighted_sum(step.losses, step.applied), false);
    if (!gradient_.defined()) gradient_ = torch::empty_like(parameters_->gradient());
    gradient_.copy_(parameters_->gradient());
    learn(step, weights, factors);
    parameters_->gradient().copy_(gradient_);
  }

  // Moves w, given the gradient of the training loss in the buffer, which is zero afterwards.
  void learn(StepContext& step, const torch::Tensor& weights, const torch::Tensor& factors) {
    const auto change = hypergradient(step);
    parameters_->zero_gradient();
    if (!change) return;
    const auto of_factors = change->to(factors.device());
    weights_.step(step.index, torch::autograd::grad({factors}, {weights}, {of_factors})[0]);
    weights_.values().clamp_min_(0);
  }

  // [n] dL_val / dfactor on the CPU; nothing where d is 0. d lies in the gradient buffer. eps d is
  // so short that most weights would be the same number on both sides of it in bf16.
  std::optional<torch::Tensor> hypergradient(StepContext& step) {
    const ExactFloat32 exact(parameters_->values().device());
    const auto& direction = parameters_->gradient();
    KeptParameters theta(*parameters_, theta_);
    step.collective->mean(direction);
    virtual_step(theta, direction, step.momentum, step.learning_rate);
    validate(step);
    // d theta' / d w_i is -lr times the group's factor times the gradient of L_i.
    for (const auto& group : step.momentum.groups) {
      if (group.lr_multiplier == 1) continue;
      direction.slice(0, group.range.begin, group.range.end).mul_(group.lr_multiplier);
    }
    const double length = direction.norm().item<double>();
    check_finite(length, step);
    if (length == 0) return {};
    const double eps = kPerturbation / length;
    theta.move(direction, eps);
    const auto above = training_losses(step);
    theta.move(direction, -eps);
    const auto below = training_losses(step);
    const auto difference = (above - below).to(torch::kCPU);
    const auto change = difference * (-step.learning_rate / (2 * eps));
    check_finite(change.abs().max().item<double>(), step);
    return change;
  }

  // The gradient of the primaries' validation losses into the buffer.
  void validate(StepContext& step) {
    parameters_->zero_gradient();
    const auto losses = step.look_ahead->validation_losses(update_statistics_);
    step.backward(weighted_sum(losses, torch::ones({int64_t(losses.size())})), false);
    step.collective->mean(parameters_->gradient());
  }

  // [n] float64, without a graph.
  torch::Tensor training_losses(StepContext& step) const {
    const torch::NoGradGuard no_grad;
    std::vector<torch::Tensor> values;
    for (const auto& loss : step.look_ahead->training_losses(update_statistics_)) {
      values.push_back(loss.to(torch::kFloat64).reshape({}));
    }
    auto all = torch::stack(values);
    step.collective->mean(all);
    return all;
  }

  static void check_finite(double value, const StepContext& step) {
    if (std::isfinite(value)) return;
    throw Error(ErrorKind::kRun,
                "AutoLambda: the losses of the look-ahead are not finite in epoch " +
                    std::to_string(step.epoch + 1) + ", step " + std::to_string(step.step + 1) +
                    "; lower the learning rate, or set train.clip_norm");
  }

  ParameterSpace* parameters_;
  bool lagged_;
  int64_t every_;
  bool update_statistics_;
  ObjectiveAdam weights_;
  torch::Tensor theta_;     // [P], kept for its memory
  torch::Tensor gradient_;  // [P], the same; in the lagged order only
};

}  // namespace

TASUKI_REGISTER(Weighting, AutoLambda, options::AutoLambda, "tasuki/AutoLambda");

}  // namespace tasuki::weightings
