#pragma once

#include "tasuki/solvers/matrix.h"

namespace tasuki::solvers {

// min x'Ax / 2 + c'x on the simplex, x >= 0 and sum x = 1, for a positive semidefinite A. Exact to
// the rounding of A's largest element: an active-set iteration for a given multiplier of the sum,
// and Newton's on that multiplier, of which the sum is a piecewise linear function.
Values minimize_on_simplex(const Matrix& a, const Values& c);

// A direction -d that lowers several functions together and a constraint's besides.
struct ConstrainedDescent {
  Values weights;         // w of the functions' gradients, on the simplex
  double multiplier = 0;  // v >= 0 of the constraint's
};

// The dual of: min_s max_i g_i's + |s|^2 / 2 with q's <= -phi |q|^2, whose solution is
// s = -(sum_i w_i g_i + v q), that is
//   min |sum_i w_i g_i + v q|^2 / 2 - v phi |q|^2 over w on the simplex and v >= 0
//   gramian: of g_1, ..., g_m, which are of about one length, and q, in this order; m > 0
//   phi: >= 0
// Where q = 0 there is no constraint, v = 0, and w are the weights of the shortest vector.
ConstrainedDescent constrained_descent(const Matrix& gramian, double phi);

// The multiplier that is best for given weights: max(0, phi - q'(sum_i w_i g_i) / |q|^2).
double constraint_multiplier(const Matrix& gramian, const Values& weights, double phi);

}  // namespace tasuki::solvers
