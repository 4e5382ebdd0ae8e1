#pragma once

#include <vector>

#include "tasuki/solvers/matrix.h"

namespace tasuki::solvers {

// A factor of the rows and columns of a positive semidefinite matrix that are named one after
// another, as an active set takes them in.
//
//   Cholesky factor(a);
//   for (const size_t i : set) factor.add(i);
//   const auto x = factor.solve(b);  // A_SS x_S = b_S; 0 outside S
class Cholesky {
 public:
  explicit Cholesky(const Matrix& a) : a_(a) {}

  const std::vector<size_t>& members() const { return members_; }
  // False, and nothing happens, where row i is to rounding a combination of the members'.
  bool add(size_t i);
  // Takes the member at this position out again.
  void remove(size_t position);
  // With one step of iterative refinement, whose residual has extended precision.
  Values solve(const Values& b) const;

 private:
  Values substitute(const Values& b) const;

  const Matrix& a_;
  std::vector<size_t> members_;
  std::vector<Values> rows_;  // of the lower factor
};

}  // namespace tasuki::solvers
