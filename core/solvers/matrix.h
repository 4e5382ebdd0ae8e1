#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

// Exact solvers for the small dense problems that gradient methods come to: a few to some dozens of
// unknowns, in double, on the host. They need neither LibTorch nor each other's plugins.
namespace tasuki::solvers {

using Values = std::vector<double>;

// A square matrix, by rows. Below, "a Gramian" is one of inner products: symmetric, positive
// semidefinite.
class Matrix {
 public:
  explicit Matrix(size_t n = 0) : n_(n), values_(n * n, 0.0) {}

  size_t size() const { return n_; }
  double& operator()(size_t i, size_t j) { return values_[i * n_ + j]; }
  double operator()(size_t i, size_t j) const { return values_[i * n_ + j]; }

 private:
  size_t n_;
  Values values_;
};

// Summed in extended precision, so that what cancels does so to the last bits.
inline double dot(const Values& a, const Values& b) {
  long double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += static_cast<long double>(a[i]) * b[i];
  return double(sum);
}

// A x, the same.
inline Values multiply(const Matrix& a, const Values& x) {
  Values product(a.size());
  for (size_t i = 0; i < a.size(); ++i) {
    long double sum = 0;
    for (size_t j = 0; j < a.size(); ++j) sum += static_cast<long double>(a(i, j)) * x[j];
    product[i] = double(sum);
  }
  return product;
}

// |sum_i x_i g_i| for the Gramian of the g_i.
inline double norm(const Matrix& gramian, const Values& x) {
  return std::sqrt(std::fmax(dot(x, multiply(gramian, x)), 0.0));
}

}  // namespace tasuki::solvers
