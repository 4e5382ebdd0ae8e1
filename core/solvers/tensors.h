#pragma once

#include <torch/types.h>

#include <functional>

#include "tasuki/solvers/matrix.h"

namespace tasuki::solvers {

// What a rule makes of a Gramian, [n, n] float64 on the CPU: a number for each row, [n] float64. A
// Gramian that is not finite is none that solvers take, and gets NaN: a training sees that its step
// is bad, and the rule, which may keep something from step to step, does not.
torch::Tensor weigh_finite(const torch::Tensor& gramian,
                           const std::function<Values(const Matrix&)>& rule);

}  // namespace tasuki::solvers
