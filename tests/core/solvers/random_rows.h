#pragma once

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "tasuki/solvers/matrix.h"

namespace tasuki::solvers {

constexpr double kUnit = 1.0 / (int64_t{1} << 52);

// How gradients may lie to each other.
enum class Relation { kIndependent, kParallel, kOpposite, kIllScaled };
inline const std::vector<Relation> kRelations = {Relation::kIndependent, Relation::kParallel,
                                                 Relation::kOpposite, Relation::kIllScaled};
inline const char* name_of(Relation relation) {
  const char* names[] = {"independent", "near-parallel", "near-opposite", "ill-scaled"};
  return names[int(relation)];
}

// The Gramian of n rows of the same relation: near-parallel ones differ by 1e-2 of a common row, of
// the near-opposite ones the first two by 1e-3, and the ill-scaled ones' lengths lie within 1e6.
inline Matrix random_gramian(Relation relation, size_t n, uint64_t seed) {
  std::mt19937_64 random(4 * seed + uint64_t(relation));
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> exponent(-3, 3);
  const size_t columns = n + (seed % 3 == 0 ? 0 : 30);
  Values common(columns);
  for (double& value : common) value = normal(random);
  std::vector<Values> rows(n, Values(columns));
  for (auto& row : rows) {
    const double scale = relation == Relation::kIllScaled ? std::pow(10, exponent(random)) : 1;
    for (size_t k = 0; k < columns; ++k) {
      const double value = normal(random);
      row[k] = relation == Relation::kParallel ? common[k] + 1e-2 * value : scale * value;
    }
  }
  if (relation == Relation::kOpposite) {
    for (size_t k = 0; k < columns; ++k) rows[1][k] = 1e-3 * rows[1][k] - rows[0][k];
  }
  Matrix gramian(n);
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < n; ++j) gramian(i, j) = dot(rows[i], rows[j]);
  }
  return gramian;
}

// 2, ..., 20.
inline size_t size_of(uint64_t seed) {
  return 2 + seed % 19;
}

inline double length_of(const Matrix& gramian, size_t i) {
  return std::sqrt(gramian(i, i));
}

}  // namespace tasuki::solvers
