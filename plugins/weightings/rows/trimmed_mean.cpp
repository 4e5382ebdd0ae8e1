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
    auto values = rows.unbind(0);
    for (int64_t done = 0; done < trim; ++done) {
      for (int64_t i = done; i + 1 < n - done; ++i) put_in_order(values, i);
      for (int64_t i = n - 3 - done; i >= done; --i) put_in_order(values, i);
    }
    auto mean = torch::zeros_like(rows[0]);
    for (int64_t i = trim; i < n - trim; ++i) mean += values[size_t(i)] / double(n - 2 * trim);
    // An infinite gradient is not trimmed away: the step has to be seen to be bad.
    return torch::where(rows.isfinite().all(0), mean, std::nan(""));
  }

 private:
  // The smaller elements of two neighbours to the first. Whole vectors at a time, which for the few
  // that are to go is faster than sorting each column.
  static void put_in_order(std::vector<torch::Tensor>& values, int64_t i) {
    auto &first = values[size_t(i)], &second = values[size_t(i) + 1];
    const auto smaller = torch::minimum(first, second);
    second = torch::maximum(first, second);
    first = smaller;
  }

  int64_t trim_;
};

}  // namespace

TASUKI_REGISTER(Weighting, TrimmedMean, options::TrimmedMean, "tasuki/TrimmedMean");

}  // namespace tasuki::weightings
