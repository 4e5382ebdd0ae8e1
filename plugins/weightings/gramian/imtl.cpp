#include <torch/torch.h>

#include "plugins/weightings/gramian/impartial.h"
#include "plugins/weightings/gramian/imtl.pb.h"
#include "tasuki/solvers/tensors.h"
#include "tasuki/step/own_parameters.h"
#include "tasuki/step/weighting.h"

namespace tasuki::weightings {
namespace {

// IMTL-G, with the log scales as its state.
class ImpartialDirection : public GramianWeighting {
 public:
  options::GradientOptions::Scale rule_scale() const override {
    return options::GradientOptions::MEAN;
  }
  torch::Tensor weigh(const torch::Tensor& gramian, Draws&) override {
    return solvers::weigh_finite(gramian, impartial_weights);
  }
  std::map<std::string, torch::Tensor> method_state() const override {
    return log_scales ? log_scales->state() : std::map<std::string, torch::Tensor>();
  }
  void load_method_state(const std::map<std::string, torch::Tensor>& state) override {
    if (log_scales) log_scales->load_state(state, "IMTL");
  }

  std::unique_ptr<OwnParameters> log_scales;  // nullptr without a model
};

class IMTL : public Weighting {
 public:
  IMTL(const options::IMTL& options, const Context& context) {
    require_option(!options.gradients().log_losses(), "gradients.log_losses",
                   "would undo the scales that IMTL learns; leave it out, or choose IMTLG");
    require_option(context.route_normalization != Train::SUM, "",
                   "IMTL can't learn under train.route_normalization: SUM, which takes out the "
                   "scales of its losses; choose COUNT, MEAN_OVER_COUNT or NONE");
    direction_.set_up(options.gradients(), context);
    if (!context.make_optimizer) return;
    std::vector<std::string> owners;
    for (const auto& objective : context.objectives) owners.push_back(objective.name);
    const auto device = context.parameters->values().device();
    direction_.log_scales = std::make_unique<OwnParameters>("log_scale", owners, options.init(),
                                                            context.make_optimizer, device);
  }

  WeightingNeeds needs() const override { return direction_.needs(); }

  // Coefficients multiply the losses before anything is made of their gradients, and so do scales.
  void backward(StepContext& step) override {
    const auto log_scales = direction_.log_scales->values().index_select(0, step.index_tensor());
    const auto scales = log_scales.exp();
    own_loss_ =
        (step.factors(scales) * step.loss_values()).sum() - (step.coefficients * log_scales).sum();
    const auto policies = step.coefficients;
    step.coefficients = policies * scales.detach();
    direction_.backward(step);
    step.coefficients = policies;
  }
  void reduce(StepContext& step) override { direction_.reduce(step); }
  void combine(StepContext& step) override {
    direction_.combine(step);
    own_loss_.backward();
    own_loss_ = torch::Tensor();
    auto& log_scales = *direction_.log_scales;
    const auto index = step.index_tensor();
    const auto finite = log_scales.values().grad().index_select(0, index).isfinite().all();
    log_scales.step(step.learning_rate, finite, index);
  }

  std::map<std::string, torch::Tensor> state() const override { return direction_.state(); }
  void load_state(const std::map<std::string, torch::Tensor>& state) override {
    direction_.load_state(state);
  }

 private:
  ImpartialDirection direction_;
  torch::Tensor own_loss_;  // of this step: what the log scales train on
};

}  // namespace

TASUKI_REGISTER(Weighting, IMTL, options::IMTL, "tasuki/IMTL");

}  // namespace tasuki::weightings
