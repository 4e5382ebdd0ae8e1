#include <torch/torch.h>

#include "plugins/weightings/loss/above_zero.h"
#include "plugins/weightings/loss/epoch_mean.h"
#include "plugins/weightings/loss/stch.pb.h"
#include "tasuki/step/weighting.h"

namespace tasuki::weightings {
namespace {

class STCH : public LossWeighting {
 public:
  STCH(const options::STCH& options, const Context& context)
      : mu_(options.mu()),
        warmup_(options.warmup_epochs()),
        reference_(context, "STCH", options.warmup_epochs()) {}

  LossWeights weigh(const LossStep& step) override {
    const auto losses = above_zero(step.losses);
    reference_.add(step.epoch, step.index, step.losses);
    if (step.epoch <= warmup_) return {losses.reciprocal(), {}};
    const auto reference = reference_.get(step.epoch, step.index);
    const auto ratios =
        torch::where(reference.isnan(), torch::ones_like(losses), losses / reference);
    const auto shares = torch::softmax(ratios.log() / mu_, 0);
    return {double(losses.size(0)) * shares / losses, {}};
  }

  std::map<std::string, torch::Tensor> state() const override { return reference_.state(); }
  void load_state(const std::map<std::string, torch::Tensor>& state) override {
    reference_.load_state(state);
  }

 private:
  double mu_;
  int64_t warmup_;
  EpochMean reference_;  // z
};

}  // namespace

TASUKI_REGISTER(Weighting, STCH, options::STCH, "tasuki/STCH");

}  // namespace tasuki::weightings
