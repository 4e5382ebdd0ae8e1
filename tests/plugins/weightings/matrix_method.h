#pragma once

#include <torch/torch.h>

#include <string>

#include "tasuki/step/gradient_rows.h"
#include "tests/pipelines/plugin.h"

namespace tasuki::testing {

// A registered gradient method as the function of a matrix that it is, without a model.
//
//   const auto d = direction("tasuki/PCGrad", "", rows, 7);  // rows [n, P] -> [P]
inline torch::Tensor direction(const std::string& name, const std::string& options,
                               const torch::Tensor& rows, uint64_t seed = 0) {
  const auto weighting = make<Weighting>(name, options);
  Draws draws(seed);
  if (auto* method = dynamic_cast<RowWeighting*>(weighting.get())) {
    return method->combine(rows, draws);
  }
  auto& method = dynamic_cast<GramianWeighting&>(*weighting);
  const auto out = torch::empty({rows.size(1)}, rows.options());
  weigh_rows(rows, method.weigh(gram_matrix(rows), draws), out);
  return out;
}

}  // namespace tasuki::testing
