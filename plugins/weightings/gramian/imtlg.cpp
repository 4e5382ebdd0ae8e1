#include <torch/torch.h>

#include <cmath>

#include "plugins/weightings/gramian/impartial.h"
#include "plugins/weightings/gramian/imtlg.pb.h"
#include "plugins/weightings/gramian/unit_rows.h"
#include "tasuki/solvers/tensors.h"
#include "tasuki/step/weighting.h"

namespace tasuki::weightings {
namespace {

constexpr double kVanishing = 1e-12;  // of sum v, relative to the sum of |v_i|

// K^+ n of the gradients that are not zero. With full rank it is D^-1 C^-1 1, for lengths D and
// cosines C.
solvers::Values equal_projections(const solvers::Matrix& k, const UnitRows& unit) {
  const size_t n = unit.rows.size();
  if (unit.has_full_rank()) {
    auto v = solvers::solve_least_norm(unit.cosines, solvers::Values(n, 1.0));
    for (size_t i = 0; i < n; ++i) v[i] /= unit.lengths[i];
    return v;
  }
  solvers::Matrix part(n);
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < n; ++j) part(i, j) = k(unit.rows[i], unit.rows[j]);
  }
  return solvers::solve_least_norm(part, unit.lengths);
}

class IMTLG : public GramianWeighting {
 public:
  explicit IMTLG(const options::IMTLG&) {}

  options::GradientOptions::Scale rule_scale() const override {
    return options::GradientOptions::MEAN;
  }
  torch::Tensor weigh(const torch::Tensor& gramian, Draws&) override {
    return solvers::weigh_finite(gramian, impartial_weights);
  }
};

}  // namespace

solvers::Values impartial_weights(const solvers::Matrix& k) {
  const UnitRows unit(k);
  const auto v = equal_projections(k, unit);
  double sum = 0, absolute = 0;
  for (const double value : v) {
    sum += value;
    absolute += std::abs(value);
  }
  solvers::Values weights(k.size(), 0.0);
  if (!(std::abs(sum) > kVanishing * absolute)) return weights;
  for (size_t i = 0; i < v.size(); ++i) weights[unit.rows[i]] = v[i] / sum;
  return weights;
}

TASUKI_REGISTER(Weighting, IMTLG, options::IMTLG, "tasuki/IMTLG");

}  // namespace tasuki::weightings
