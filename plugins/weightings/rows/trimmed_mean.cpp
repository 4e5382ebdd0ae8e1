#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "plugins/weightings/rows/trimmed_mean.pb.h"
#include "tasuki/step/weighting.h"

namespace tasuki::weightings {
namespace {

class TrimmedMean : public RowWeighting {
 public:
  explicit TrimmedMean(const options::TrimmedMean& options) : trim_(options.trim()) {}

  options::GradientOptions::Scale rule_scale() const override {
    return options::GradientOptions::MEAN;
  }
  bool by_column() const override { return true; }

  torch::Tensor combine(const torch::Tensor& rows, Draws& /*draws*/) override {
    const int64_t n = rows.size(0), trim = std::min(trim_, (n - 1) / 2);
    const auto sorted = std::get<0>(rows.sort(0));
    const auto mean = sorted.narrow(0, trim, n - 2 * trim).mean(0);
    // An infinite gradient is not trimmed away: the step has to be seen to be bad.
    return torch::where(rows.isfinite().all(0), mean, std::nan(""));
  }

 private:
  int64_t trim_;
};

}  // namespace

TASUKI_REGISTER(Weighting, TrimmedMean, options::TrimmedMean, "tasuki/TrimmedMean");

}  // namespace tasuki::weightings
