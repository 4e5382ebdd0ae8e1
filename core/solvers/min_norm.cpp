#include "tasuki/solvers/min_norm.h"

#include <algorithm>
#include <numeric>

#include "tasuki/solvers/cholesky.h"
#include "tasuki/solvers/non_negative.h"
#include "tasuki/solvers/row_scaling.h"

namespace tasuki::solvers {
namespace {

Values on_zero_rows(const RowScaling& rows) {
  Values weights(rows.scale.size(), 0.0);
  for (size_t i = 0; i < weights.size(); ++i) weights[i] = rows.is_zero(i) ? 1 : 0;
  return weights;
}

// With the support known, w is a multiple of K_SS^-1 1, which keeps more digits where the point is
// far from zero. Unchanged where K_SS is singular.
Values refine(const Matrix& gramian, const Values& ones, const Values& y) {
  Cholesky factor(gramian);
  for (size_t i = 0; i < y.size(); ++i) {
    if (y[i] > 0 && !factor.add(i)) return y;
  }
  const auto refined = factor.solve(ones);
  for (size_t i = 0; i < y.size(); ++i) {
    if (y[i] > 0 && !(refined[i] > 0)) return y;
  }
  return refined;
}

}  // namespace

// min |G'w|^2 + (1'w - 1)^2 over w >= 0 has the same direction: on the ray of a direction u on the
// simplex its minimum is q / (1 + q) with q = |G'u|^2. In scaled rows y_i = s_i w_i; the second
// term's weight is the shortest row's length.
Values min_norm_weights(const Matrix& gramian) {
  const RowScaling rows(gramian);
  auto weights = on_zero_rows(rows);
  if (std::accumulate(weights.begin(), weights.end(), 0.0) == 0) {
    const double least = *std::min_element(rows.scale.begin(), rows.scale.end());
    auto sum = rows.gramian;
    Values ones;
    for (const double scale : rows.scale) ones.push_back(least / scale);
    for (size_t i = 0; i < ones.size(); ++i) {
      for (size_t j = 0; j < ones.size(); ++j) sum(i, j) += ones[i] * ones[j];
    }
    weights = rows.to_original(refine(rows.gramian, ones, solve_non_negative(sum, ones).x));
  }
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (double& weight : weights) weight /= total;
  return weights;
}

}  // namespace tasuki::solvers
