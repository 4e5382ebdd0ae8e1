#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "plugins/weightings/auto_lambda.pb.h"
#include "tasuki/engine/precision.h"
#include "tasuki/model/safetensors.h"
#include "tasuki/step/weighting.h"

namespace tasuki::weightings {
namespace {

constexpr double kPerturbation = 0.01;  // length of eps d
constexpr double kBeta1 = 0.9, kBeta2 = 0.999, kEps = 1e-8;

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
        lr_(options.lr()),
        lagged_(options.lagged()),
        every_(options.every()),
        update_statistics_(options.update_statistics()) {
    weights_ = torch::full({int64_t(context.objectives.size())}, options.init(), torch::kFloat64);
    mean_ = torch::zeros_like(weights_);
    square_ = torch::zeros_like(weights_);
    updates_ = torch::zeros_like(weights_, torch::kInt64);
  }

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

  std::map<std::string, torch::Tensor> state() const override {
    return {
        {"weights", weights_}, {"exp_avg", mean_}, {"exp_avg_sq", square_}, {"updates", updates_}};
  }

  void load_state(const std::map<std::string, torch::Tensor>& state) override {
    const auto targets = this->state();
    copy_tensors({state.begin(), state.end()}, {targets.begin(), targets.end()}, "AutoLambda");
  }

 private:
  torch::Tensor weights_of(const StepContext& step) const {
    const std::vector<int64_t> index(step.index.begin(), step.index.end());
    return weights_.index_select(0, torch::tensor(index, torch::kInt64));
  }

  void train(StepContext& step) const {
    step.applied = step.factors(weights_of(step));
    step.backward(weighted_sum(step.losses, step.applied), false);
  }

  // The published order. The graph of the training losses is walked twice, built once.
  void learn_and_train(StepContext& step) {
    const auto weights = weights_of(step).requires_grad_();
    const auto factors = step.factors(weights);
    step.backward(weighted_sum(step.losses, factors.detach()), true);
    learn(step, weights, factors);
    train(step);
  }

  void train_and_learn(StepContext& step) {
    const auto weights = weights_of(step).requires_grad_();
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
    update(step.index, torch::autograd::grad({factors}, {weights}, {of_factors})[0]);
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

  // Adam (arXiv:1412.6980, algorithm 1), each objective with its own count of updates.
  void update(const std::vector<size_t>& index, const torch::Tensor& gradient) {
    const auto values = to_vector(gradient);
    for (size_t k = 0; k < index.size(); ++k) {
      auto& mean = mean_.data_ptr<double>()[index[k]];
      auto& square = square_.data_ptr<double>()[index[k]];
      auto& weight = weights_.data_ptr<double>()[index[k]];
      const auto count = double(++updates_.data_ptr<int64_t>()[index[k]]);
      mean = kBeta1 * mean + (1 - kBeta1) * values[k];
      square = kBeta2 * square + (1 - kBeta2) * values[k] * values[k];
      const double first = mean / (1 - std::pow(kBeta1, count));
      const double second = square / (1 - std::pow(kBeta2, count));
      weight = std::max(0.0, weight - lr_ * first / (std::sqrt(second) + kEps));
    }
  }

  ParameterSpace* parameters_;
  double lr_;
  bool lagged_;
  int64_t every_;
  bool update_statistics_;
  // By objective of the context, on the CPU; weights and Adam's moments float64.
  torch::Tensor weights_, mean_, square_, updates_;
  torch::Tensor theta_;     // [P], kept for its memory
  torch::Tensor gradient_;  // [P], the same; in the lagged order only
};

}  // namespace

TASUKI_REGISTER(Weighting, AutoLambda, options::AutoLambda, "tasuki/AutoLambda");

}  // namespace tasuki::weightings
