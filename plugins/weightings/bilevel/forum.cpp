#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "plugins/weightings/bilevel/forum.pb.h"
#include "plugins/weightings/bilevel/objective_adam.h"
#include "tasuki/engine/precision.h"
#include "tasuki/model/safetensors.h"
#include "tasuki/solvers/constrained_descent.h"
#include "tasuki/solvers/tensors.h"
#include "tasuki/step/gradient_rows.h"
#include "tasuki/step/weighting.h"

namespace tasuki::weightings {
namespace {

constexpr double kDiverged = 1e5;  // an inner loss above it

class FORUM : public StepWeighting {
 public:
  FORUM(const options::FORUM& options, const Context& context)
      : parameters_(context.parameters),
        inner_lr_(options.inner_lr()),
        inner_steps_(options.inner_steps()),
        phi_(options.phi()),
        scale_(options.scale()),
        alpha_(int64_t(context.objectives.size()), 0, options.lr()) {
    for (const auto& objective : context.objectives) primaries_ += objective.auxiliary ? 0 : 1;
    shares_ = torch::zeros({int64_t(primaries_)}, torch::kFloat64);
  }

  WeightingNeeds needs() const override { return {.training_batches = true}; }

  void backward(StepContext& step) override {
    auto alpha = alpha_.at(step.index).requires_grad_();
    const auto factors = step.factors(alpha.softmax(0));
    const auto weights = factors.detach();
    step.backward(weighted_sum(step.losses, weights), false);
    step.applied = weights;
    const auto m = running_primaries(step);
    if (step.size() == 1 || m == 0) return;

    const auto& gradient = parameters_->gradient();
    // The primaries' gradients, that of f last.
    const auto rows = torch::empty({m + 1, gradient.numel()}, gradient.options());
    step.collective->mean(gradient);
    rows[m].copy_(gradient);
    parameters_->zero_gradient();
    const auto excess = step.loss_values() - losses_after_inner_steps(step, weights, rows[m]);
    const auto slope = torch::autograd::grad({factors}, {alpha}, {excess.to(factors.device())})[0];
    fill_primaries(step, rows);
    auto gramian = gram_matrix(rows).to(torch::kCPU);
    check_finite(step, gramian, slope);

    const auto lengths = gramian.diagonal().slice(0, 0, m).sqrt();
    const auto inverse = torch::where(lengths > 0, 1 / lengths, lengths);
    const auto scale = torch::cat({inverse, torch::ones({1}, torch::kFloat64)});
    gramian = gramian * scale * scale.unsqueeze(1);
    gramian[m][m] += slope.dot(slope);
    const auto direction = renew(step, gramian);
    const double multiplier = direction[m].item<double>();
    alpha_.step(step.index, multiplier * slope);

    const double length = scale_ == options::GradientOptions::SUM ? double(m) : 1;
    const auto of_rows = length * direction * scale;
    weigh_rows(rows, of_rows, gradient);
    step.applied = length * multiplier * weights;
    step.applied.slice(0, 0, m) += of_rows.slice(0, 0, m).to(weights.device());
  }

  std::map<std::string, torch::Tensor> state() const override {
    auto state = alpha_.state();
    state["shares"] = shares_;
    return state;
  }
  void load_state(const std::map<std::string, torch::Tensor>& state) override {
    const auto targets = this->state();
    copy_tensors({state.begin(), state.end()}, {targets.begin(), targets.end()}, "FORUM");
  }

 private:
  // They are the first of a step's objectives.
  int64_t running_primaries(const StepContext& step) const {
    const auto end = std::lower_bound(step.index.begin(), step.index.end(), primaries_);
    return end - step.index.begin();
  }

  // L(theta*), [n] float64, where `lower` is the gradient of f at theta.
  torch::Tensor losses_after_inner_steps(StepContext& step, const torch::Tensor& weights,
                                         const torch::Tensor& lower) {
    const ExactFloat32 exact(parameters_->values().device());
    const auto& gradient = parameters_->gradient();
    KeptParameters theta(*parameters_, theta_);
    theta.move(lower, -inner_lr_);
    auto reached = step.loss_values();
    for (uint32_t done = 1; done <= inner_steps_; ++done) {
      const bool last = done == inner_steps_;
      const auto losses =
          last ? step.look_ahead->repeated_losses() : step.look_ahead->training_losses(false);
      const auto values = mean_values(step, losses);
      if (!((values * weights).sum().item<double>() <= kDiverged)) break;
      reached = values;
      if (last) break;
      step.backward(weighted_sum(losses, weights), false);
      step.collective->mean(gradient);
      const torch::NoGradGuard no_grad;
      theta.values().sub_(gradient, inner_lr_);
      parameters_->zero_gradient();
    }
    return reached;
  }

  static torch::Tensor mean_values(const StepContext& step,
                                   const std::vector<torch::Tensor>& losses) {
    std::vector<torch::Tensor> values;
    for (const auto& loss : losses) values.push_back(loss.detach().to(torch::kFloat64));
    auto all = torch::stack(values);
    step.collective->mean(all);
    return all;
  }

  // The gradients of the primaries on a further batch, of all processes.
  void fill_primaries(StepContext& step, const torch::Tensor& rows) const {
    const auto& gradient = parameters_->gradient();
    const auto losses = step.further_batches->next_training_losses();
    const int64_t m = rows.size(0) - 1;
    for (int64_t j = 0; j < m; ++j) {
      step.backward(losses[size_t(j)], j + 1 < m);
      rows[j].copy_(gradient);
      parameters_->zero_gradient();
    }
    step.collective->mean(rows.slice(0, 0, m));
  }

  // Moves the primaries' shares; returns the coefficients of the direction, [m + 1] float64.
  torch::Tensor renew(const StepContext& step, const torch::Tensor& gramian) {
    const double rate = std::pow(double(step.epoch + 1), -0.75);
    return solvers::weigh_finite(gramian, [&](const solvers::Matrix& matrix) {
      auto direction = solvers::constrained_descent(matrix, phi_).weights;
      for (size_t j = 0; j < direction.size(); ++j) {
        auto& share = shares_.data_ptr<double>()[step.index[j]];
        share += rate * (direction[j] - share);
        direction[j] = share;
      }
      direction.push_back(solvers::constraint_multiplier(matrix, direction, phi_));
      return direction;
    });
  }

  static void check_finite(const StepContext& step, const torch::Tensor& gramian,
                           const torch::Tensor& slope) {
    if (gramian.isfinite().all().item<bool>() && slope.isfinite().all().item<bool>()) return;
    throw Error(ErrorKind::kRun, "FORUM: the losses or their gradients are not finite in epoch " +
                                     std::to_string(step.epoch + 1) + ", step " +
                                     std::to_string(step.step + 1) +
                                     "; lower the learning rate, or set train.clip_norm");
  }

  ParameterSpace* parameters_;
  double inner_lr_;
  uint32_t inner_steps_;
  double phi_;
  options::GradientOptions::Scale scale_;
  size_t primaries_ = 0;  // of the model
  ObjectiveAdam alpha_;
  torch::Tensor shares_;  // l~ of each, float64 on the CPU
  torch::Tensor theta_;   // [P], kept for its memory
};

}  // namespace

TASUKI_REGISTER(Weighting, FORUM, options::FORUM, "tasuki/FORUM");

}  // namespace tasuki::weightings
