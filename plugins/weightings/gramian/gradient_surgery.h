#pragma once

#include <cmath>
#include <functional>
#include <vector>

#include "tasuki/solvers/matrix.h"

// The rules that treat the gradients one after another in an order that is drawn, as functions of
// the order.
namespace tasuki::weightings {

// Of each objective, in which order it meets the others; its own number may be among them, and is
// passed over.
using Orders = std::vector<std::vector<size_t>>;

// PCGrad: the sum of the projected gradients as coefficients of the gradients themselves. Inner
// products with the changed ones follow from the Gramian alone.
inline solvers::Values project_conflicts(const solvers::Matrix& k, const Orders& orders) {
  const size_t n = k.size();
  solvers::Values sum(n, 0.0);
  for (size_t i = 0; i < n; ++i) {
    solvers::Values mix(n, 0.0);
    mix[i] = 1;
    for (const size_t j : orders[i]) {
      if (j == i || !(k(j, j) > 0)) continue;
      double inner = 0;
      for (size_t m = 0; m < n; ++m) inner += mix[m] * k(m, j);
      if (inner < 0) mix[j] -= inner / k(j, j);
    }
    for (size_t j = 0; j < n; ++j) sum[j] += mix[j];
  }
  return sum;
}

// GradVac: the same, where `goal(i, j)` is the moving average of the cosine of i's changed gradient
// with j's, which is renewed with weight `beta`.
inline solvers::Values vaccinate(const solvers::Matrix& k, const Orders& orders, double beta,
                                 double eps,
                                 const std::function<double&(size_t i, size_t j)>& goal) {
  const size_t n = k.size();
  solvers::Values sum(n, 0.0);
  for (size_t i = 0; i < n; ++i) {
    solvers::Values mix(n, 0.0);
    mix[i] = 1;
    for (const size_t j : orders[i]) {
      const double length = solvers::norm(k, mix), other = std::sqrt(std::fmax(k(j, j), 0.0));
      if (j == i || length == 0 || other == 0) continue;
      double inner = 0;
      for (size_t m = 0; m < n; ++m) inner += mix[m] * k(m, j);
      const double cosine = inner / (length * other + eps);
      double& wanted = goal(i, j);
      const double wanted_sine = std::sqrt(std::fmax(1 - wanted * wanted, 0.0));
      const double sine = std::sqrt(std::fmax(1 - cosine * cosine, 0.0));
      const double divisor = other * wanted_sine + eps;
      if (cosine < wanted && divisor > 0) {
        mix[j] += length * (wanted * sine - cosine * wanted_sine) / divisor;
      }
      wanted = (1 - beta) * wanted + beta * cosine;
    }
    for (size_t j = 0; j < n; ++j) sum[j] += mix[j];
  }
  return sum;
}

}  // namespace tasuki::weightings
