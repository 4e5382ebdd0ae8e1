#include <torch/torch.h>

#include "core/engine/weighting.h"
#include "core/registry/registry.h"
#include "plugins/weightings/gradient_matrix.h"
#include "plugins/weightings/pcgrad.pb.h"

namespace tasuki::weightings {
namespace {

// The projected gradient of objective i, as coefficients of all the objectives' gradients: inner
// products with it follow from the Gram matrix alone.
std::vector<double> project(const torch::TensorAccessor<double, 2>& gram, int64_t i) {
  const int64_t n = gram.size(0);
  std::vector<double> mix(size_t(n), 0.0);
  mix[size_t(i)] = 1;
  const auto order = torch::randperm(n);
  for (int64_t k = 0; k < n; ++k) {
    const auto j = order[k].item<int64_t>();
    if (j == i) continue;
    double inner = 0;
    for (int64_t m = 0; m < n; ++m) inner += mix[size_t(m)] * gram[m][j];
    if (inner < 0 && gram[j][j] > 0) mix[size_t(j)] -= inner / gram[j][j];
  }
  return mix;
}

// The sum of the projected gradients, as coefficients of the objectives' gradients.
std::vector<double> surgery(const torch::Tensor& gram) {
  const auto inner = gram.accessor<double, 2>();
  std::vector<double> sum(size_t(gram.size(0)), 0.0);
  for (int64_t i = 0; i < gram.size(0); ++i) {
    const auto mix = project(inner, i);
    for (size_t j = 0; j < sum.size(); ++j) sum[j] += mix[j];
  }
  return sum;
}

class PCGrad : public Weighting {
 public:
  PCGrad(const options::PCGrad& options, const Context& context)
      : gradients_(context, options.scope()) {}

  std::vector<double> backward(WeightingStep& step) override {
    return gradients_.backward(step, [](const torch::Tensor& rows, torch::Tensor out) {
      weigh_rows(rows, surgery(gram_matrix(rows)), out);
    });
  }

 private:
  GradientMatrix gradients_;
};

}  // namespace

TASUKI_REGISTER(Weighting, PCGrad, options::PCGrad, "tasuki/PCGrad");

}  // namespace tasuki::weightings
