#pragma once

#include "tasuki/solvers/matrix.h"

namespace tasuki::solvers {

// The weights on the simplex, w >= 0 and sum w = 1, whose combination of the rows of a Gramian K is
// shortest: min w'Kw. Exact, by an active-set iteration (Wolfe, "Finding the nearest point in a
// polytope", 1976, as a non-negative least-squares problem).
//
// The combination is unique, the weights need not be: equal rows share nothing in a defined way.
// Rows that are zero share the weight evenly, and the others have none.
Values min_norm_weights(const Matrix& gramian);

}  // namespace tasuki::solvers
