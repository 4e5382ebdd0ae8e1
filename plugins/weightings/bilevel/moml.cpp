#include <torch/torch.h>

#include <cmath>

#include "plugins/weightings/bilevel/moml.pb.h"
#include "plugins/weightings/bilevel/objective_adam.h"
#include "tasuki/engine/precision.h"
#include "tasuki/model/safetensors.h"
#include "tasuki/solvers/min_norm.h"
#include "tasuki/solvers/tensors.h"
#include "tasuki/step/gradient_rows.h"
#include "tasuki/step/weighting.h"

namespace tasuki::weightings {
namespace {

// The shortest vector in the convex hull of the rows, [m, n] -> [n] float64.
torch::Tensor shortest_vector(const torch::Tensor& rows) {
  const auto weights = solvers::weigh_finite(rows.mm(rows.t()), solvers::min_norm_weights);
  return weights.matmul(rows);
}

class MOML : public StepWeighting {
 public:
  MOML(const options::MOML& options, const Context& context)
      : parameters_(context.parameters),
        inner_lr_(options.inner_lr()),
        scale_(options.scale()),
        alpha_(int64_t(context.objectives.size()), 0, options.lr()) {}

  WeightingNeeds needs() const override { return {.validation_batch = true}; }

  void backward(StepContext& step) override {
    const auto rows = training_rows(step);
    auto alpha = alpha_.at(step.index).requires_grad_();
    const auto factors = step.factors(alpha.softmax(0));
    const auto products = validation_products(step, rows, factors.detach());
    std::vector<torch::Tensor> slopes;
    for (const auto& row : products.unbind(0)) {
      const auto of_factors = (row * -inner_lr_).to(factors.device());
      const auto slope = torch::autograd::grad({factors}, {alpha}, {of_factors}, true)[0];
      const auto length = slope.norm();
      slopes.push_back(torch::where(length > 0, slope / length, slope));
    }
    alpha_.step(step.index, shortest_vector(torch::stack(slopes)));
    const double length = scale_ == options::GradientOptions::SUM ? double(step.index.size()) : 1;
    step.applied = step.factors(alpha_.at(step.index).softmax(0) * length);
    weigh_rows(rows, step.applied, parameters_->gradient());
  }

  std::map<std::string, torch::Tensor> state() const override { return alpha_.state(); }
  void load_state(const std::map<std::string, torch::Tensor>& state) override {
    const auto targets = this->state();
    copy_tensors({state.begin(), state.end()}, {targets.begin(), targets.end()}, "MOML");
  }

 private:
  // [n, P]: the gradients of the losses on all parameters, of all processes.
  torch::Tensor training_rows(StepContext& step) const {
    const auto& gradient = parameters_->gradient();
    const auto rows = torch::empty({int64_t(step.size()), gradient.numel()}, gradient.options());
    for (size_t i = 0; i < step.size(); ++i) {
      step.backward(step.losses[i], i + 1 < step.size());
      rows[int64_t(i)].copy_(gradient);
      parameters_->zero_gradient();
    }
    step.collective->mean(rows);
    return rows;
  }

  // [m, n] float64 on the CPU: grad V_j(theta') . g_i.
  torch::Tensor validation_products(StepContext& step, const torch::Tensor& rows,
                                    const torch::Tensor& factors) {
    const ExactFloat32 exact(parameters_->values().device());
    const auto& gradient = parameters_->gradient();
    KeptParameters theta(*parameters_, theta_);
    weigh_rows(rows, factors, gradient);
    theta.move(gradient, -inner_lr_);
    parameters_->zero_gradient();
    const auto losses = step.look_ahead->validation_losses(false);
    std::vector<torch::Tensor> products;
    for (size_t j = 0; j < losses.size(); ++j) {
      step.backward(losses[j], j + 1 < losses.size());
      step.collective->mean(gradient);
      products.push_back(torch::mv(rows, gradient).to(torch::kFloat64));
      parameters_->zero_gradient();
    }
    const auto all = torch::stack(products).to(torch::kCPU);
    if (all.isfinite().all().item<bool>()) return all;
    throw Error(ErrorKind::kRun,
                "MOML: the losses or their gradients are not finite in epoch " +
                    std::to_string(step.epoch + 1) + ", step " + std::to_string(step.step + 1) +
                    "; lower the learning rate or inner_lr, or set train.clip_norm");
  }

  ParameterSpace* parameters_;
  double inner_lr_;
  options::GradientOptions::Scale scale_;
  ObjectiveAdam alpha_;
  torch::Tensor theta_;  // [P], kept for its memory
};

}  // namespace

TASUKI_REGISTER(Weighting, MOML, options::MOML, "tasuki/MOML");

}  // namespace tasuki::weightings
