#pragma once

#include "tasuki/solvers/matrix.h"

namespace tasuki::solvers {

struct PowerSolution {
  Values w;
  bool exists = false;
};

// The w > 0 with
//   K w = p w^(-1/alpha)   element by element;  K a Gramian, p > 0, alpha > 0
// What Nash-MTL (alpha = 1), FairGrad, ConsMTL (alpha = 2) and PIVRG (alpha = 2, p by task) ask
// for. It is where the strictly convex w'Kw / 2 - sum_i p_i phi(w_i), phi'(w) = w^(-1/alpha), has
// its minimum: damped Newton steps relative to w, on scaled rows, down to the rounding of w. For
// alpha from 0.5 to 30; below, gradients of very different lengths leave few digits.
//
// There is a solution, and one, unless some w >= 0 other than 0 has K w = 0. Then:
// - rows that are zero get the mean of the others' weights, which are those of the problem without
//   them (1 for all when every row is zero);
// - rows of which a convex combination vanishes to rounding (opposite ones, a Pareto-stationary
//   point) get `exists` = false and the weights of that combination, which sum to 1: the
//   combined gradient is zero to rounding.
PowerSolution solve_power_equation(const Matrix& gramian, const Values& p, double alpha);

}  // namespace tasuki::solvers
