#include <torch/torch.h>

#include "plugins/weightings/loss/above_zero.h"
#include "plugins/weightings/loss/epoch_mean.h"
#include "plugins/weightings/loss/igbv1.pb.h"
#include "tasuki/step/weighting.h"

namespace tasuki::weightings {
namespace {

class IGBv1 : public LossWeighting {
 public:
  IGBv1(const options::IGBv1& options, const Context& context)
      : base_(context, "IGBv1", options.base_epoch()), base_epoch_(options.base_epoch()) {}

  LossWeights weigh(const LossStep& step) override {
    const auto losses = above_zero(step.losses);
    base_.add(step.epoch, step.index, step.losses);
    if (step.epoch <= base_epoch_) return {losses.reciprocal(), {}};
    const auto base = base_.get(step.epoch, step.index);
    const auto gaps = torch::where(base.isnan(), torch::ones_like(losses), losses / base);
    return {double(losses.size(0)) * torch::softmax(gaps, 0) / losses, {}};
  }

  std::map<std::string, torch::Tensor> state() const override { return base_.state(); }
  void load_state(const std::map<std::string, torch::Tensor>& state) override {
    base_.load_state(state);
  }

 private:
  EpochMean base_;
  int64_t base_epoch_;
};

}  // namespace

TASUKI_REGISTER(Weighting, IGBv1, options::IGBv1, "tasuki/IGBv1");

}  // namespace tasuki::weightings
