#pragma once

#include <limits>
#include <vector>

#include "tasuki/solvers/eigen.h"

namespace tasuki::weightings {

// The gradients that are not zero, each divided by its length.
struct UnitRows {
  explicit UnitRows(const solvers::Matrix& k) {
    for (size_t i = 0; i < k.size(); ++i) {
      if (!(k(i, i) > 0)) continue;
      rows.push_back(i);
      lengths.push_back(std::sqrt(k(i, i)));
    }
    cosines = solvers::Matrix(rows.size());
    for (size_t i = 0; i < rows.size(); ++i) {
      for (size_t j = 0; j < rows.size(); ++j) {
        cosines(i, j) = i == j ? 1 : k(rows[i], rows[j]) / lengths[i] / lengths[j];
      }
    }
  }

  // To rounding.
  bool has_full_rank() const {
    const size_t n = rows.size();
    if (n == 0) return false;
    const auto values = solvers::eigen_decomposition(cosines).values;
    return values.back() > double(n) * std::numeric_limits<double>::epsilon() * values.front();
  }

  std::vector<size_t> rows;  // which they are
  solvers::Values lengths;
  solvers::Matrix cosines;
};

}  // namespace tasuki::weightings
