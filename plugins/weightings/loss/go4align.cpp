#include <torch/torch.h>

#include "plugins/weightings/loss/above_zero.h"
#include "plugins/weightings/loss/go4align.pb.h"
#include "plugins/weightings/loss/grouping.h"
#include "plugins/weightings/loss/objective_table.h"
#include "tasuki/step/weighting.h"

namespace tasuki::weightings {
namespace {

class GO4Align : public LossWeighting {
 public:
  GO4Align(const options::GO4Align& options, const Context& context)
      : step_size_(options.step_size()),
        groups_(options.groups()),
        table_(context, "GO4Align", {{"share", 1 / double(context.objectives.size())}}) {}

  LossWeights weigh(const LossStep& step) override {
    table_.to(step.losses.device());
    const auto losses = above_zero(step.losses);
    const auto before = table_.get("share", step.index);
    const auto powers = before * (-step_size_ * (losses - losses.min())).exp();
    const auto shares = powers / powers.sum();
    const auto after = shares * before.sum();
    table_.set("share", step.index, torch::where(after.isfinite().all(), after, before));
    return {group_means(losses.sum() / losses * shares, groups_), {}};
  }

  std::map<std::string, torch::Tensor> state() const override { return table_.state(); }
  void load_state(const std::map<std::string, torch::Tensor>& state) override {
    table_.load_state(state);
  }

 private:
  double step_size_;
  int64_t groups_;
  ObjectiveTable table_;
};

}  // namespace

TASUKI_REGISTER(Weighting, GO4Align, options::GO4Align, "tasuki/GO4Align");

}  // namespace tasuki::weightings
