#include <torch/torch.h>

#include "plugins/weightings/graddrop.pb.h"
#include "tasuki/step/weighting.h"

namespace tasuki::weightings {
namespace {

class GradDrop : public RowWeighting {
 public:
  explicit GradDrop(const options::GradDrop& options) : leak_(options.leak()) {}

  bool by_column() const override { return true; }

  // What survives in an element is the sum of all positive gradients there or the sum of all
  // negative ones: no mask per objective is needed.
  torch::Tensor combine(const torch::Tensor& rows, Draws& draws) override {
    const auto positive = rows.clamp_min(0).sum(0), negative = rows.clamp_max(0).sum(0);
    // A draw < P, without the division: P = positive / (positive - negative), and no 0 / 0.
    const auto spread = positive - negative;
    const auto is_positive = draws.uniform_like(spread).mul_(spread) < positive;
    auto direction = torch::where(is_positive, positive, negative);
    if (leak_ > 0) direction.lerp_(positive + negative, leak_);
    // An infinite sum is not dropped for the other one: the step has to be seen to be bad.
    return torch::where(spread.isfinite(), direction, spread);
  }

 private:
  double leak_;
};

}  // namespace

TASUKI_REGISTER(Weighting, GradDrop, options::GradDrop, "tasuki/GradDrop");

}  // namespace tasuki::weightings
