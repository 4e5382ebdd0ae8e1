#include "tasuki/solvers/dual_cone.h"

#include "tasuki/solvers/non_negative.h"
#include "tasuki/solvers/row_scaling.h"

namespace tasuki::solvers {

Values project_onto_dual_cone(const Matrix& gramian, const Values& u) {
  const RowScaling rows(gramian);
  auto v = rows.to_scaled(u);
  auto pull = multiply(rows.gramian, v);
  for (double& value : pull) value = -value;
  const auto raised = solve_non_negative(rows.gramian, pull).x;
  for (size_t i = 0; i < v.size(); ++i) v[i] += raised[i];
  return rows.to_original(v);
}

}  // namespace tasuki::solvers
