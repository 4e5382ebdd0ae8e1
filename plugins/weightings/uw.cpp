#include <torch/torch.h>

#include <cmath>

#include "core/engine/weighting.h"
#include "core/model/safetensors.h"
#include "core/registry/registry.h"
#include "plugins/weightings/step_values.h"
#include "plugins/weightings/uw.pb.h"

namespace tasuki::weightings {
namespace {

// s of one objective. Each has its own optimiser, because momentum, moments and weight decay would
// go on moving an element whose gradient is zero.
struct LogVariance {
  std::string name;     // of its objective
  torch::Tensor value;  // [1] float64
  std::unique_ptr<Optimizer> optimizer;
};

class UW : public Weighting {
 public:
  UW(const options::UW& options, const Context& context) {
    const double init = options.has_init() ? options.init() : -0.5;
    require_option(std::isfinite(init), "init", "must be a finite number");
    require_option(context.route_normalization != Train::SUM, "",
                   "UW can't learn under train.route_normalization: SUM, which takes out the scale "
                   "of its weights, so that its log variances would fall without end; choose "
                   "COUNT, MEAN_OVER_COUNT or NONE");
    for (const auto& objective : context.objectives) {
      auto value = torch::full({1}, init, torch::kFloat64).requires_grad_();
      value.mutable_grad() = torch::zeros({1}, torch::kFloat64);
      auto optimizer = context.make_optimizer(value);
      variances_.push_back({objective.name, value, std::move(optimizer)});
    }
  }

  std::vector<double> backward(WeightingStep& step) override {
    const auto log_variances = of_step(step);
    const auto weights = (-log_variances).exp() / 2;
    const auto factors = step.factors(weights);
    step.backward(weighted_sum(step.losses, factors.detach()), false);
    // The model's graph is not walked for this: dL/dfactor_i is the loss itself.
    const auto total = factors * numbers(step.losses) + step.coefficients * log_variances / 2;
    learn(step, total.sum());
    return to_vector(factors);
  }

  std::map<std::string, torch::Tensor> state() const override {
    std::map<std::string, torch::Tensor> all;
    for (const auto& variance : variances_) {
      all[variance.name + kValue] = variance.value.detach();
      for (const auto& [name, tensor] : variance.optimizer->state()) {
        all[variance.name + kOptimizer + name] = tensor;
      }
    }
    return all;
  }

  void load_state(const std::map<std::string, torch::Tensor>& state) override {
    NamedTensors values, targets;
    for (const auto& item : state) {
      if (item.first.find(kOptimizer) == std::string::npos) values.push_back(item);
    }
    for (const auto& variance : variances_) {
      targets.emplace_back(variance.name + kValue, variance.value);
    }
    copy_tensors(values, targets, "UW");
    for (const auto& variance : variances_) {
      const auto prefix = variance.name + kOptimizer;
      std::map<std::string, torch::Tensor> own;
      for (const auto& [name, tensor] : state) {
        if (name.starts_with(prefix)) own[name.substr(prefix.size())] = tensor;
      }
      variance.optimizer->load_state(own);
    }
  }

 private:
  static constexpr const char* kValue = ".log_variance";
  static constexpr const char* kOptimizer = ".optimizer.";

  torch::Tensor of_step(const WeightingStep& step) const {
    std::vector<torch::Tensor> values;
    for (const size_t i : step.index) values.push_back(variances_[i].value);
    return torch::cat(values);
  }

  void learn(const WeightingStep& step, const torch::Tensor& total) {
    for (const size_t i : step.index) variances_[i].value.mutable_grad().zero_();
    total.backward();
    std::vector<torch::Tensor> gradients;
    for (const size_t i : step.index) gradients.push_back(variances_[i].value.grad());
    const auto finite = torch::cat(gradients).isfinite().all();
    for (const size_t i : step.index) variances_[i].optimizer->step(step.learning_rate, finite);
  }

  std::vector<LogVariance> variances_;
};

}  // namespace

TASUKI_REGISTER(Weighting, UW, options::UW, "tasuki/UW");

}  // namespace tasuki::weightings
