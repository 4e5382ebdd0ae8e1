#include <torch/torch.h>

#include <cmath>

#include "plugins/weightings/loss/dwa.pb.h"
#include "tasuki/model/safetensors.h"
#include "tasuki/step/weighting.h"

namespace tasuki::weightings {
namespace {

class DWA : public LossWeighting {
 public:
  DWA(const options::DWA& options, const Context& context)
      : temperature_(options.temperature()),
        sums_(torch::zeros({kEpochs, int64_t(context.objectives.size())}, torch::kFloat64)),
        steps_(torch::zeros_like(sums_)) {}

  LossWeights weigh(const LossStep& step) override {
    sums_ = sums_.to(step.losses.device());
    steps_ = steps_.to(step.losses.device());
    while (epoch_.item<int64_t>() < step.epoch) end_epoch();
    const auto finite = step.losses.isfinite();
    const auto losses = torch::where(finite, step.losses, torch::zeros_like(step.losses));
    sums_[0].index_add_(0, step.index, losses);
    steps_[0].index_add_(0, step.index, finite.to(torch::kFloat64));
    return {weights(step.index), {}};
  }

  std::map<std::string, torch::Tensor> state() const override {
    return {{"epoch", epoch_}, {"loss_sums", sums_}, {"steps", steps_}};
  }

  void load_state(const std::map<std::string, torch::Tensor>& state) override {
    const auto targets = this->state();
    copy_tensors({state.begin(), state.end()}, {targets.begin(), targets.end()}, "DWA");
  }

 private:
  static constexpr int64_t kEpochs = 3;  // the present one, the last, and the one before

  void end_epoch() {
    for (auto* history : {&sums_, &steps_}) {
      *history = history->roll(1, 0);
      (*history)[0].zero_();
    }
    epoch_ += 1;
  }

  torch::Tensor weights(const torch::Tensor& index) const {
    const auto last = sums_[1] / steps_[1], before = sums_[2] / steps_[2];
    const auto known = (steps_[1] > 0).logical_and(steps_[2] > 0).logical_and(before != 0);
    const auto ratios = torch::where(known, last / before, torch::ones_like(last));
    const auto scaled = ratios.index_select(0, index) / temperature_;
    // n times the softmax; exactly 1 where all ratios are the same.
    const auto powers = (scaled - scaled.max()).exp();
    return powers / powers.mean();
  }

  double temperature_;
  // By epoch and objective; objectives that did not run have no steps.
  torch::Tensor sums_;   // [kEpochs, objectives] float64
  torch::Tensor steps_;  // the same; both on the losses' device
  torch::Tensor epoch_ = torch::zeros({}, torch::kInt64);
};

}  // namespace

TASUKI_REGISTER(Weighting, DWA, options::DWA, "tasuki/DWA");

}  // namespace tasuki::weightings
