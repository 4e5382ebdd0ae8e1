#include <torch/torch.h>

#include <cmath>

#include "plugins/weightings/loss/above_zero.h"
#include "plugins/weightings/loss/famo.pb.h"
#include "plugins/weightings/loss/objective_table.h"
#include "tasuki/step/objective_values.h"
#include "tasuki/step/weighting.h"

namespace tasuki::weightings {
namespace {

class FAMO : public LossWeighting {
 public:
  FAMO(const options::FAMO& options, const Context& context)
      : lr_(options.lr()),
        weight_decay_(options.weight_decay()),
        min_losses_(objective_values(options.min_loss(), "min_loss", 0, -INFINITY, context)),
        table_(context, "FAMO", {{"logit", 0}, {"exp_avg", 0}, {"exp_avg_sq", 0}, {"updates", 0}}) {
  }

  LossWeights weigh(const LossStep& step) override {
    const auto device = step.losses.device();
    table_.to(device);
    min_losses_ = min_losses_.to(device);
    logs_ = log_distance(step.losses, step.index);
    const auto logits = table_.get("logit", step.index);
    // z_i / D_i over their sum, without the overflow of tiny losses.
    return {torch::softmax(logits - logs_, 0), {}};
  }

  void after_update(StepContext& step) override {
    auto repeated = step;
    repeated.losses = step.look_ahead->repeated_losses();
    const auto index = step.index_tensor();
    const auto delta = logs_ - log_distance(repeated.loss_values(), index);
    const auto shares = torch::softmax(table_.get("logit", index), 0);
    update(index, shares * (delta - shares.dot(delta)));
  }

  std::map<std::string, torch::Tensor> state() const override { return table_.state(); }
  void load_state(const std::map<std::string, torch::Tensor>& state) override {
    table_.load_state(state);
  }

 private:
  static constexpr double kBeta1 = 0.9, kBeta2 = 0.999, kEps = 1e-8;

  // log D_i
  torch::Tensor log_distance(const torch::Tensor& losses, const torch::Tensor& index) const {
    return above_zero(losses - min_losses_.index_select(0, index) + kEps).log();
  }

  // Adam (arXiv:1412.6980, algorithm 1), left out where the gradient is not finite.
  void update(const torch::Tensor& index, const torch::Tensor& direction) {
    const auto applies = direction.isfinite().all();
    const auto logits = table_.get("logit", index);
    const auto gradient = direction + weight_decay_ * logits;
    const auto mean = kBeta1 * table_.get("exp_avg", index) + (1 - kBeta1) * gradient;
    const auto square = kBeta2 * table_.get("exp_avg_sq", index) + (1 - kBeta2) * gradient.square();
    const auto updates = table_.get("updates", index) + 1;
    const auto first = mean / (1 - torch::pow(kBeta1, updates));
    const auto second = square / (1 - torch::pow(kBeta2, updates));
    const auto set = [&](const std::string& column, const torch::Tensor& value) {
      table_.set(column, index, torch::where(applies, value, table_.get(column, index)));
    };
    set("logit", logits - lr_ * first / (second.sqrt() + kEps));
    set("exp_avg", mean);
    set("exp_avg_sq", square);
    set("updates", updates);
  }

  double lr_, weight_decay_;
  torch::Tensor min_losses_;  // [N] float64, by the model's objectives
  ObjectiveTable table_;
  torch::Tensor logs_;  // [n] log D before the update of this step
};

}  // namespace

TASUKI_REGISTER(Weighting, FAMO, options::FAMO, "tasuki/FAMO");

}  // namespace tasuki::weightings
