#pragma once

#include "tasuki/solvers/matrix.h"

namespace tasuki::solvers {

// The projection of sum_i u_i g_i onto the dual cone of the rows g_i, the directions d with
// g_i . d >= 0 for all i: as coefficients v of the rows,
//   min_v v'Kv  with  v >= u
// Exact, by an active set; always solvable. d is unique, v need not be.
Values project_onto_dual_cone(const Matrix& gramian, const Values& u);

}  // namespace tasuki::solvers
