#include <torch/torch.h>

#include "plugins/weightings/gramian/consmtl.pb.h"
#include "tasuki/solvers/power_equation.h"
#include "tasuki/solvers/tensors.h"
#include "tasuki/step/weighting.h"

namespace tasuki::weightings {
namespace {

// FairGrad with alpha 2; remembers the weights that it gave the shared part.
class ConsistentDirection : public GramianWeighting {
 public:
  options::GradientOptions::Scale rule_scale() const override {
    return options::GradientOptions::MEAN;
  }
  torch::Tensor weigh(const torch::Tensor& gramian, Draws&) override {
    return solvers::weigh_finite(gramian, [](const solvers::Matrix& k) {
      return solvers::solve_power_equation(k, solvers::Values(k.size(), 1.0), 2).w;
    });
  }
  torch::Tensor weigh_group(const torch::Tensor& gramian, const RowGroup& group,
                            Draws& draws) override {
    const auto weights = weigh(gramian, draws);
    if (group.part == "shared") of_shared = weights;
    return weights;
  }

  torch::Tensor of_shared;  // of this step, [n]; undefined where nothing is shared
};

class ConsMTL : public Weighting {
 public:
  ConsMTL(const options::ConsMTL& options, const Context& context)
      : lambda_(options.lambda()), max_ratio_(options.max_ratio()) {
    const auto& common = options.gradients();
    require_option(common.every() == 1 && common.smoothing() == 0, "gradients.every",
                   "needs the weights of each step's gradients; leave every and smoothing out");
    require_option(!common.log_losses(), "gradients.log_losses",
                   "is not part of this method; leave it out");
    require_option(context.has_cut, "",
                   "the architecture names no features at which its routes part, or a decoder "
                   "mixes them behind; choose FairGrad, whose weights are the same");
    direction_.set_up(common, context);
    for (const auto& objective : context.objectives) {
      decoders_.push_back(context.decoder(objective.name));
    }
  }

  WeightingNeeds needs() const override {
    auto needs = direction_.needs();
    needs.features = true;
    return needs;
  }

  void backward(StepContext& step) override {
    keep_derivatives(step);
    const auto walk = step.backward;
    const bool walks_on = !direction_.needs().features;
    step.backward = [&](const torch::Tensor& loss, bool keep_graph) {
      // Their graph goes through the losses'.
      walk(loss, keep_graph || is_curved_);
      auto& cut = step.trace->cut;
      if (walks_on) cut.backward(cut.take_gradients(), keep_graph);
    };
    direction_.of_shared = torch::Tensor();
    direction_.backward(step);
    step.backward = walk;
  }
  void reduce(StepContext& step) override { direction_.reduce(step); }
  void combine(StepContext& step) override {
    direction_.combine(step);
    if (is_curved_ && direction_.of_shared.defined()) agree(step);
    derivatives_.clear();
  }

  std::map<std::string, torch::Tensor> state() const override { return direction_.state(); }
  void load_state(const std::map<std::string, torch::Tensor>& state) override {
    direction_.load_state(state);
  }

 private:
  // delta of each objective, by leaf of the cut, as functions of its decoder's parameters.
  void keep_derivatives(const StepContext& step) {
    derivatives_.clear();
    is_curved_ = false;
    if (step.size() < 2 || lambda_ == 0) return;
    const auto factors = step.factors(torch::ones_like(step.coefficients));
    for (size_t i = 0; i < step.size(); ++i) {
      const auto loss = weighted_sum({step.losses[i]}, factors.narrow(0, int64_t(i), 1));
      derivatives_.push_back(torch::autograd::grad({loss}, step.trace->cut.leaves(), {},
                                                   /*retain_graph=*/true, /*create_graph=*/true,
                                                   /*allow_unused=*/true));
      for (const auto& derivative : derivatives_.back()) {
        is_curved_ = is_curved_ || (derivative.defined() && derivative.requires_grad());
      }
    }
  }

  // sum_j w_j delta_j on each leaf; undefined where none reaches it.
  std::vector<torch::Tensor> common_derivative() const {
    const auto weights = to_vector(direction_.of_shared);
    std::vector<torch::Tensor> sum(derivatives_[0].size());
    for (size_t j = 0; j < derivatives_.size(); ++j) {
      for (size_t leaf = 0; leaf < sum.size(); ++leaf) {
        if (!derivatives_[j][leaf].defined()) continue;
        const auto term = weights[j] * derivatives_[j][leaf].detach();
        sum[leaf] = sum[leaf].defined() ? sum[leaf] + term : term;
      }
    }
    return sum;
  }

  // Undefined where delta_i does not depend on anything that is trained.
  torch::Tensor disagreement(size_t i, const std::vector<torch::Tensor>& common) const {
    torch::Tensor loss;
    for (size_t leaf = 0; leaf < common.size(); ++leaf) {
      const auto& derivative = derivatives_[i][leaf];
      if (!derivative.defined() || !derivative.requires_grad()) continue;
      const auto term = (derivative * common[leaf]).sum() * -lambda_;
      loss = loss.defined() ? loss + term : term;
    }
    return loss;
  }

  // Adds to each decoder's gradient that of its disagreement. The graph is done with afterwards.
  void agree(StepContext& step) {
    const auto common = common_derivative();
    for (size_t i = 0; i < step.size(); ++i) {
      const auto& decoder = decoders_.at(step.index[i]);
      const auto loss = disagreement(i, common);
      if (decoder.empty()) continue;
      const auto own = decoder.gather(step.parameters->gradient());
      auto added = torch::zeros_like(own);
      if (loss.defined()) added.copy_(decoder.gradient_rows({loss}, /*keep_graph=*/false)[0]);
      // Inner products of features are summed over the processes, of which each has its own images:
      // gradients of means over all images have one over their number in both factors.
      step.collective->mean(added);
      added /= double(step.collective->size());
      const auto most = max_ratio_ * own.norm(), length = added.norm();
      const auto factor = torch::where(length > most, most / length, torch::ones_like(length));
      decoder.scatter(own + factor * added, step.parameters->gradient());
    }
  }

  double lambda_;
  double max_ratio_;
  ConsistentDirection direction_;
  std::vector<ParameterPart> decoders_;  // of the model's objectives
  // Of a step, between its phases.
  std::vector<std::vector<torch::Tensor>> derivatives_;
  bool is_curved_ = false;  // whether any of them depends on parameters
};

}  // namespace

TASUKI_REGISTER(Weighting, ConsMTL, options::ConsMTL, "tasuki/ConsMTL");

}  // namespace tasuki::weightings
