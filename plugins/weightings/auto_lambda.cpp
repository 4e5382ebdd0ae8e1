#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/engine/precision.h"
#include "core/engine/weighting.h"
#include "core/model/safetensors.h"
#include "core/registry/registry.h"
#include "plugins/weightings/auto_lambda.pb.h"
#include "plugins/weightings/step_values.h"

namespace tasuki::weightings {
namespace {

constexpr double kPerturbation = 0.01;  // length of eps d
constexpr double kBeta1 = 0.9, kBeta2 = 0.999, kEps = 1e-8;

// `copy` := `from`, in the memory that it has after the first time.
void keep(torch::Tensor& copy, const torch::Tensor& from) {
  if (copy.defined()) {
    copy.copy_(from);
  } else {
    copy = from.detach().clone();
  }
}

// Parameter values that may be written over: the destructor puts back what was there, also when a
// look-ahead throws. They are written through data that autograd does not watch, because a graph
// built before is walked again afterwards; its version check knows nothing of the way back.
class Detour {
 public:
  Detour(const FlatParameters& parameters, torch::Tensor& copy)
      : values_(parameters.values().variable_data()), start_(copy) {
    keep(copy, values_);
  }
  ~Detour() { values_.copy_(start_); }
  Detour(const Detour&) = delete;
  Detour& operator=(const Detour&) = delete;

  // theta -= lr (momentum buffer + gradient + weight_decay theta), with each group's own lr and
  // weight_decay
  void virtual_step(const torch::Tensor& gradient, const MomentumState& state, double lr) {
    const torch::NoGradGuard no_grad;
    for (const auto& [range, lr_multiplier, decay_multiplier] : groups_of(state)) {
      const double rate = lr * lr_multiplier, decay = state.weight_decay * decay_multiplier;
      const auto part = [&, range = range](const torch::Tensor& flat) {
        return flat.slice(0, range.begin, range.end);
      };
      part(values_).add_(part(gradient), -rate);
      if (decay != 0) part(values_).add_(part(start_), -rate * decay);
      if (state.buffer.defined()) part(values_).add_(part(state.buffer), -rate * state.momentum);
    }
  }

  // theta := where it began + length * direction
  void go(const torch::Tensor& direction, double length) {
    const torch::NoGradGuard no_grad;
    torch::add_out(values_, start_, direction, length);
  }

 private:
  std::vector<ParameterGroup> groups_of(const MomentumState& state) const {
    if (!state.groups.empty()) return state.groups;
    return {ParameterGroup{{0, values_.numel()}}};
  }

  torch::Tensor values_;
  const torch::Tensor& start_;
};

class AutoLambda : public Weighting {
 public:
  AutoLambda(const options::AutoLambda& options, const Context& context)
      : parameters_(context.parameters),
        lr_(options.has_lr() ? options.lr() : 1e-4),
        lagged_(options.lagged()),
        every_(options.has_every() ? options.every() : 1),
        update_statistics_(options.update_statistics()) {
    const double init = options.has_init() ? options.init() : 0.1;
    require_option(init > 0 && std::isfinite(init), "init", "must be above 0");
    require_option(lr_ > 0 && std::isfinite(lr_), "lr", "must be above 0");
    require_option(every_ > 0, "every", "must be at least 1");
    weights_ = torch::full({int64_t(context.objectives.size())}, init, torch::kFloat64);
    mean_ = torch::zeros_like(weights_);
    square_ = torch::zeros_like(weights_);
    updates_ = torch::zeros_like(weights_, torch::kInt64);
  }

  WeightingNeeds needs() const override { return {.validation_batch = true}; }

  std::vector<double> backward(WeightingStep& step) override {
    if (step.step % every_ != 0) return train(step);
    return lagged_ ? train_and_learn(step) : learn_and_train(step);
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
  torch::Tensor weights_of(const WeightingStep& step) const {
    return weights_.index_select(0, index_of(step));
  }

  std::vector<double> train(WeightingStep& step) const {
    const auto factors = step.factors(weights_of(step));
    step.backward(weighted_sum(step.losses, factors), false);
    return to_vector(factors);
  }

  // The published order. The graph of the training losses is walked twice, built once.
  std::vector<double> learn_and_train(WeightingStep& step) {
    const auto weights = weights_of(step).requires_grad_();
    const auto factors = step.factors(weights);
    step.backward(weighted_sum(step.losses, factors.detach()), true);
    learn(step, weights, factors);
    return train(step);
  }

  std::vector<double> train_and_learn(WeightingStep& step) {
    const auto weights = weights_of(step).requires_grad_();
    const auto factors = step.factors(weights);
    step.backward(weighted_sum(step.losses, factors.detach()), false);
    keep(gradient_, parameters_->gradient());
    learn(step, weights, factors);
    parameters_->gradient().copy_(gradient_);
    return to_vector(factors);
  }

  // Moves w, given the gradient of the training loss in the buffer, which is zero afterwards.
  void learn(WeightingStep& step, const torch::Tensor& weights, const torch::Tensor& factors) {
    const auto change = hypergradient(step);
    parameters_->zero_gradient();
    if (!change) return;
    update(step.index, torch::autograd::grad({factors}, {weights}, {*change})[0]);
  }

  // [n] dL_val / dfactor; nothing where d is 0. d lies in the gradient buffer. eps d is so short
  // that most weights would be the same number on both sides of it in bf16.
  std::optional<torch::Tensor> hypergradient(WeightingStep& step) {
    const ExactFloat32 exact(parameters_->values().device());
    const auto& direction = parameters_->gradient();
    Detour theta(*parameters_, theta_);
    theta.virtual_step(direction, step.momentum, step.learning_rate);
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
    theta.go(direction, eps);
    const auto above = training_losses(step);
    theta.go(direction, -eps);
    const auto below = training_losses(step);
    const auto change = (above - below) * (-step.learning_rate / (2 * eps));
    check_finite(change.abs().max().item<double>(), step);
    return change;
  }

  // The gradient of the primaries' validation losses into the buffer.
  void validate(WeightingStep& step) {
    parameters_->zero_gradient();
    const auto losses = step.look_ahead->validation_losses(update_statistics_);
    step.backward(weighted_sum(losses, torch::ones({int64_t(losses.size())})), false);
  }

  torch::Tensor training_losses(WeightingStep& step) const {
    const torch::NoGradGuard no_grad;
    return numbers(step.look_ahead->training_losses(update_statistics_));
  }

  static void check_finite(double value, const WeightingStep& step) {
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

  FlatParameters* parameters_;
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
