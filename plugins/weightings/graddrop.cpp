#include <torch/torch.h>

#include "core/engine/weighting.h"
#include "core/registry/registry.h"
#include "plugins/weightings/graddrop.pb.h"
#include "plugins/weightings/gradient_matrix.h"

namespace tasuki::weightings {
namespace {

// What survives in an element is the sum of all positive gradients there or the sum of all negative
// ones: no mask per objective is needed.
void drop(const torch::Tensor& rows, double leak, torch::Tensor out) {
  const auto positive = rows.clamp_min(0).sum(0), negative = rows.clamp_max(0).sum(0);
  // rand < P, without the division: P = positive / (positive - negative), and no 0 / 0.
  const auto spread = positive - negative;
  const auto is_positive = torch::rand_like(out).mul_(spread) < positive;
  at::where_out(out, is_positive, positive, negative);
  if (leak > 0) out.lerp_(positive + negative, leak);
  // An infinite sum is not dropped for the other one: the step has to be seen to be bad.
  at::where_out(out, spread.isfinite(), out, spread);
}

double read_leak(const options::GradDrop& options) {
  require_option(options.leak() >= 0 && options.leak() <= 1, "leak", "must be in [0, 1]");
  return options.leak();
}

class GradDrop : public Weighting {
 public:
  GradDrop(const options::GradDrop& options, const Context& context)
      : leak_(read_leak(options)), gradients_(context, options.scope()) {}

  std::vector<double> backward(WeightingStep& step) override {
    return gradients_.backward(step, [this](const torch::Tensor& rows, torch::Tensor out) {
      for_each_block(out.size(0), [&](int64_t begin, int64_t end) {
        drop(rows.slice(1, begin, end), leak_, out.slice(0, begin, end));
      });
    });
  }

 private:
  double leak_;
  GradientMatrix gradients_;
};

}  // namespace

TASUKI_REGISTER(Weighting, GradDrop, options::GradDrop, "tasuki/GradDrop");

}  // namespace tasuki::weightings
