#pragma once

#include "tasuki/solvers/matrix.h"

namespace tasuki::solvers {

// In the ball of this radius around the mean g_0 of the rows g_i, the direction that helps the
// worst of them most,
//   max_d min_i g_i . d  with  |d - g_0| <= radius
// as the coefficients x >= 0 of d - g_0 = sum_i x_i g_i. At the optimum every row with x_i > 0 has
// the same g_i . d = m, and the others no less; for a given m that is a non-negative least-squares
// problem, and on one support |d - g_0|^2 is a parabola in m, so that the m of the radius is found
// exactly, in a few rounds.
//
// |d - g_0| is the radius, unless a convex combination of the rows is zero before that: then no
// direction helps all of them, and d is the one nearest to g_0 that harms none.
Values conflict_averse_shift(const Matrix& gramian, double radius);

}  // namespace tasuki::solvers
