#include <torch/torch.h>

#include "plugins/weightings/rows/graddrop_on_features.pb.h"
#include "plugins/weightings/rows/sign_dropout.h"
#include "tasuki/step/weighting.h"

namespace tasuki::weightings {
namespace {

class GradDropOnFeatures : public StepWeighting {
 public:
  GradDropOnFeatures(const options::GradDropOnFeatures& options, const Context& context)
      : leak_(options.leak()), shared_(context.part(context.shared)) {
    require_option(context.has_cut, "",
                   "the architecture names no features at which its routes part, or a decoder "
                   "mixes them behind; choose tasuki/GradDrop, which acts on parameters");
  }

  WeightingNeeds needs() const override { return {.features = true}; }

  void backward(StepContext& step) override {
    step.applied = step.factors(torch::ones_like(step.coefficients));
    gradients_.clear();
    for (size_t i = 0; i < step.size(); ++i) {
      const auto loss = weighted_sum({step.losses[i]}, step.applied.narrow(0, int64_t(i), 1));
      step.backward(loss, i + 1 < step.size());
      gradients_.push_back(step.trace->cut.take_gradients());
    }
  }

  // Before the features, the gradient is there only after the draw: it is summed in combine().
  void combine(StepContext& step) override {
    auto& cut = step.trace->cut;
    std::vector<torch::Tensor> combined(cut.leaves().size());
    for (size_t k = 0; k < combined.size(); ++k) {
      std::vector<torch::Tensor> reached;
      for (const auto& of_objective : gradients_) {
        if (of_objective[k].defined()) reached.push_back(of_objective[k]);
      }
      if (reached.size() > 1) combined[k] = drop(cut.leaves()[k].detach(), reached, step);
      if (reached.size() == 1) combined[k] = reached[0];
    }
    gradients_.clear();
    cut.backward(combined);
    if (step.collective->size() == 1) return;
    auto shared = shared_.gather(step.parameters->gradient());
    step.collective->mean(shared);
    shared_.scatter(shared, step.parameters->gradient());
  }

 private:
  torch::Tensor drop(const torch::Tensor& features, const std::vector<torch::Tensor>& gradients,
                     StepContext& step) const {
    const auto type = at::promote_types(torch::kFloat32, features.scalar_type());
    std::vector<torch::Tensor> votes;
    for (const auto& gradient : gradients) {
      votes.push_back(feature_vote(features.to(type), gradient.to(type)));
    }
    auto all = torch::stack(votes);
    step.collective->sum(all);
    const auto positive = draw_signs(all, step.draws.uniform_like(all[0]));
    return drop_in_features(gradients, all, positive, leak_).to(features.scalar_type());
  }

  double leak_;
  ParameterPart shared_;
  std::vector<std::vector<torch::Tensor>> gradients_;  // of a step: by objective and leaf
};

}  // namespace

TASUKI_REGISTER(Weighting, GradDropOnFeatures, options::GradDropOnFeatures,
                "tasuki/GradDropOnFeatures");

}  // namespace tasuki::weightings
