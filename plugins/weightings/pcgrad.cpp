#include <torch/torch.h>

#include "plugins/weightings/pcgrad.pb.h"
#include "tasuki/step/weighting.h"

namespace tasuki::weightings {
namespace {

// The projected gradient of objective i, as coefficients of all the objectives' gradients: inner
// products with it follow from the Gramian alone.
std::vector<double> project(const torch::TensorAccessor<double, 2>& gramian, int64_t i,
                            Draws& draws) {
  const int64_t n = gramian.size(0);
  std::vector<double> mix(size_t(n), 0.0);
  mix[size_t(i)] = 1;
  const auto order = draws.permutation(n);
  for (int64_t k = 0; k < n; ++k) {
    const auto j = order[k].item<int64_t>();
    if (j == i) continue;
    double inner = 0;
    for (int64_t m = 0; m < n; ++m) inner += mix[size_t(m)] * gramian[m][j];
    if (inner < 0 && gramian[j][j] > 0) mix[size_t(j)] -= inner / gramian[j][j];
  }
  return mix;
}

class PCGrad : public GramianWeighting {
 public:
  explicit PCGrad(const options::PCGrad&) {}

  // The sum of the projected gradients.
  torch::Tensor weigh(const torch::Tensor& gramian, Draws& draws) override {
    const auto inner = gramian.accessor<double, 2>();
    std::vector<double> sum(size_t(gramian.size(0)), 0.0);
    for (int64_t i = 0; i < gramian.size(0); ++i) {
      const auto mix = project(inner, i, draws);
      for (size_t j = 0; j < sum.size(); ++j) sum[j] += mix[j];
    }
    return torch::tensor(sum, torch::kFloat64);
  }
};

}  // namespace

TASUKI_REGISTER(Weighting, PCGrad, options::PCGrad, "tasuki/PCGrad");

}  // namespace tasuki::weightings
