#include "tasuki/solvers/eigen.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "tasuki/solvers/cholesky.h"

namespace tasuki::solvers {
namespace {

constexpr double kDoubleEpsilon = std::numeric_limits<double>::epsilon();
constexpr int kMostSweeps = 60;  // matrices take about six

struct Rotation {
  double cosine;
  double sine;

  void turn(double& a, double& b) const {
    const double first = cosine * a - sine * b;
    b = sine * a + cosine * b;
    a = first;
  }
};

// The rotation after which a(p, q) is zero.
Rotation annihilate(const Matrix& a, size_t p, size_t q) {
  const double ratio = (a(q, q) - a(p, p)) / (2 * a(p, q));
  const double tangent = std::copysign(1.0, ratio) / (std::abs(ratio) + std::hypot(1.0, ratio));
  const double cosine = 1 / std::hypot(1.0, tangent);
  return {cosine, tangent * cosine};
}

// False where nothing was left to do. Each element is measured by its own row and column.
bool sweep(Matrix& a, Matrix& vectors) {
  bool turned = false;
  const size_t n = a.size();
  for (size_t p = 0; p < n; ++p) {
    for (size_t q = p + 1; q < n; ++q) {
      const double size = std::sqrt(std::abs(a(p, p))) * std::sqrt(std::abs(a(q, q)));
      if (!(std::abs(a(p, q)) > kDoubleEpsilon * size)) continue;
      const auto rotation = annihilate(a, p, q);
      for (size_t k = 0; k < n; ++k) rotation.turn(a(k, p), a(k, q));
      for (size_t k = 0; k < n; ++k) rotation.turn(a(p, k), a(q, k));
      for (size_t k = 0; k < n; ++k) rotation.turn(vectors(k, p), vectors(k, q));
      a(p, q) = a(q, p) = 0;
      turned = true;
    }
  }
  return turned;
}

}  // namespace

Eigen eigen_decomposition(Matrix a) {
  const size_t n = a.size();
  Matrix vectors(n);
  for (size_t i = 0; i < n; ++i) vectors(i, i) = 1;
  for (int sweeps = 0; sweeps < kMostSweeps && sweep(a, vectors); ++sweeps) {
  }
  std::vector<size_t> order(n);
  std::iota(order.begin(), order.end(), size_t(0));
  std::sort(order.begin(), order.end(), [&](size_t i, size_t j) { return a(i, i) > a(j, j); });
  Eigen eigen{Values(n), Matrix(n)};
  for (size_t k = 0; k < n; ++k) {
    eigen.values[k] = a(order[k], order[k]);
    for (size_t i = 0; i < n; ++i) eigen.vectors(i, k) = vectors(i, order[k]);
  }
  return eigen;
}

Values solve_least_norm(const Matrix& a, const Values& b) {
  const size_t n = a.size();
  const auto eigen = eigen_decomposition(a);
  const double least = double(n) * kDoubleEpsilon * (n > 0 ? eigen.values.front() : 0);
  if (n > 0 && eigen.values.back() > least) {
    Cholesky factor(a);
    for (size_t i = 0; i < n; ++i) factor.add(i);
    if (factor.members().size() == n) return factor.solve(b);
  }
  Values x(n, 0.0);
  for (size_t k = 0; k < n && eigen.values[k] > least; ++k) {
    double share = 0;
    for (size_t i = 0; i < n; ++i) share += eigen.vectors(i, k) * b[i];
    for (size_t i = 0; i < n; ++i) x[i] += share / eigen.values[k] * eigen.vectors(i, k);
  }
  return x;
}

}  // namespace tasuki::solvers
