#include <torch/torch.h>

#include "plugins/weightings/loss/above_zero.h"
#include "plugins/weightings/loss/ldc_mtl_router.pb.h"
#include "plugins/weightings/loss/loss_gap.h"
#include "plugins/weightings/loss/objective_table.h"
#include "plugins/weightings/loss/router.h"
#include "tasuki/step/weighting.h"

namespace tasuki::weightings {
namespace {

constexpr const char* kFirstLoss = "first_loss";

class LDCMTLRouter : public StepWeighting {
 public:
  LDCMTLRouter(const options::LDCMTLRouter& options, const Context& context)
      : lambda_(options.lambda()),
        least_(options.least()),
        most_(options.most()),
        router_(context, "LDCMTLRouter"),
        table_(context, "LDCMTLRouter", {{kFirstLoss, kUnknown}}) {
    require_option(least_ < most_, "least", "must be below most");
  }

  WeightingNeeds needs() const override { return {.last_features = true}; }

  // The scalar's derivatives by the losses and by tau are taken apart from the model's graph, which
  // is then walked once, from the losses and from tau alike.
  void backward(StepContext& step) override {
    const auto index = step.index_tensor();
    const auto shares =
        torch::softmax(router_(step).index_select(0, index), 0).clamp(least_, most_);
    const auto values = above_zero(step.loss_values());
    const auto tau = shares.detach().clone().requires_grad_();
    const auto losses = values.clone().requires_grad_();
    const auto scales = relative_scales(index, values);
    const auto factors = step.factors(tau / (scales * tau.sum()));
    const auto scaled = tau * step.coefficients * losses / scales;
    const auto loss = (factors * losses).sum() + lambda_ * neighbour_gap(scaled);
    const auto slopes = torch::autograd::grad({loss}, {losses, tau});
    step.applied = torch::where(values.isnan(), values, slopes[0]);
    const auto through_router = (shares * slopes[1]).sum().to(step.losses[0].scalar_type());
    step.backward(weighted_sum(step.losses, step.applied) + through_router, false);
  }

  void reduce(StepContext& step) override {
    Weighting::reduce(step);
    router_.reduce(step);
  }

  void combine(StepContext& step) override { router_.update(step); }

  std::map<std::string, torch::Tensor> state() const override {
    auto all = table_.state();
    all.merge(router_.state());
    return all;
  }

  void load_state(const std::map<std::string, torch::Tensor>& state) override {
    std::map<std::string, torch::Tensor> table, router;
    for (const auto& item : state) {
      (item.first.ends_with(kFirstLoss) ? table : router).insert(item);
    }
    table_.load_state(table);
    router_.load_state(router);
  }

 private:
  static constexpr double kUnknown = 0;

  // r, [n]; NaN where there is no first loss.
  torch::Tensor relative_scales(const torch::Tensor& index, const torch::Tensor& losses) {
    table_.to(losses.device());
    const auto before = table_.get(kFirstLoss, index);
    const auto is_first = (before == kUnknown).logical_and(losses.isfinite());
    table_.set(kFirstLoss, index, torch::where(is_first, losses, before));
    const auto first = above_zero(table_.get(kFirstLoss, index));
    return first / first.min();
  }

  double lambda_, least_, most_;
  Router router_;
  ObjectiveTable table_;
};

}  // namespace

TASUKI_REGISTER(Weighting, LDCMTLRouter, options::LDCMTLRouter, "tasuki/LDCMTLRouter");

}  // namespace tasuki::weightings
