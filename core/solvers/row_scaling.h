#pragma once

#include "tasuki/solvers/matrix.h"

namespace tasuki::solvers {

// A Gramian whose rows have been brought to one length: what stands between a solver and gradients
// a million times apart. Scales are powers of two, so that nothing is rounded; the diagonal
// elements of `gramian` lie between 1/4 and 2, or are 0 for a row that is zero (scale 1).
struct RowScaling {
  explicit RowScaling(const Matrix& original);

  // Coefficients of the scaled rows as those of the original ones, and back.
  Values to_original(Values coefficients) const;
  Values to_scaled(Values coefficients) const;

  Matrix gramian;
  Values scale;  // g_i = scale_i times the scaled row
  bool is_zero(size_t i) const { return gramian(i, i) == 0; }
};

}  // namespace tasuki::solvers
