#pragma once

#include "tasuki/solvers/matrix.h"

namespace tasuki::solvers {

struct NonNegative {
  Values x;
  // False where the objective falls without end, or where rounding let the iteration find no end:
  // x is then the last feasible point.
  bool found = false;
};

// min_x x'Ax / 2 - b'x with x >= 0, for a positive semidefinite A whose diagonal elements are of
// one size (RowScaling). An active-set iteration as Lawson and Hanson's ("Solving least squares
// problems", 1974), carried on to matrices that have no full rank: where an element enters whose
// row depends on those of the others, x goes along the ray on which only the linear term changes.
NonNegative solve_non_negative(const Matrix& a, const Values& b);

}  // namespace tasuki::solvers
