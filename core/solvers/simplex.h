#pragma once

#include <torch/types.h>

namespace tasuki::solvers {

// The point of the simplex {w : w_i >= 0, sum_i w_i = 1} that is nearest to v, by sorting (Held,
// Wolfe and Crowder, 1974): exact up to the rounding of its sums, in O(n log n).
//   v: [n] on the CPU, n > 0. Returns [n] float64; not-a-numbers where an element is not finite.
torch::Tensor project_to_simplex(const torch::Tensor& v);

}  // namespace tasuki::solvers
