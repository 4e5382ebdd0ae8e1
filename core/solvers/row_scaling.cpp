#include "tasuki/solvers/row_scaling.h"

namespace tasuki::solvers {

RowScaling::RowScaling(const Matrix& original) : gramian(original.size()) {
  for (size_t i = 0; i < original.size(); ++i) {
    const double length = std::sqrt(std::fmax(original(i, i), 0.0));
    scale.push_back(length > 0 ? std::exp2(std::round(std::log2(length))) : 1);
  }
  for (size_t i = 0; i < original.size(); ++i) {
    if (!(original(i, i) > 0)) continue;
    for (size_t j = 0; j < original.size(); ++j) {
      if (original(j, j) > 0) gramian(i, j) = original(i, j) / scale[i] / scale[j];
    }
  }
}

Values RowScaling::to_original(Values coefficients) const {
  for (size_t i = 0; i < scale.size(); ++i) coefficients[i] /= scale[i];
  return coefficients;
}

Values RowScaling::to_scaled(Values coefficients) const {
  for (size_t i = 0; i < scale.size(); ++i) coefficients[i] *= scale[i];
  return coefficients;
}

}  // namespace tasuki::solvers
