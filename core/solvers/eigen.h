#pragma once

#include "tasuki/solvers/matrix.h"

namespace tasuki::solvers {

// Eigenvalues, descending, and the orthonormal eigenvectors as the columns of `vectors`.
struct Eigen {
  Values values;
  Matrix vectors;
};

// Of a symmetric matrix, by Jacobi rotations: small eigenvalues of a graded matrix keep digits that
// methods by tridiagonal form lose.
Eigen eigen_decomposition(Matrix a);

// The solution of least norm to min |A x - b| for a positive semidefinite A, its pseudo-inverse
// times b: eigenvalues below n 2^-52 times the largest count as zero. By a Cholesky factor where
// there is full rank to that measure.
Values solve_least_norm(const Matrix& a, const Values& b);

}  // namespace tasuki::solvers
