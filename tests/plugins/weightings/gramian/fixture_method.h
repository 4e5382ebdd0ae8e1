#pragma once

#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tasuki/solvers/matrix.h"
#include "tests/pipelines/plugin.h"
#include "tests/plugins/weightings/fixtures.h"
#include "tests/plugins/weightings/matrix_method.h"

namespace tasuki::testing {

// A model's context of n primaries "t0", "t1", ..., for options that name objectives.
inline Weighting::Context context_of(int64_t n) {
  Weighting::Context context;
  for (int64_t i = 0; i < n; ++i) {
    context.objectives.push_back(Objective::primary("t" + std::to_string(i)));
  }
  return context;
}

// A Gramian method with a state, or whose options name objectives.
inline std::unique_ptr<GramianWeighting> make_gramian(const std::string& name,
                                                      const std::string& options, int64_t n) {
  auto weighting = make<Weighting>(name, options, context_of(n));
  auto* method = dynamic_cast<GramianWeighting*>(weighting.get());
  if (method == nullptr) return nullptr;
  weighting.release();
  return std::unique_ptr<GramianWeighting>(method);
}

// The weights that a new one gives the rows, [n].
inline torch::Tensor weights_of(const std::string& name, const std::string& options,
                                const torch::Tensor& rows) {
  Draws draws(0);
  return make_gramian(name, options, rows.size(0))->weigh(gram_matrix(rows), draws);
}

// Options that give "t0", "t1", ... a number each.
inline std::string values_text(const std::string& field, const nlohmann::json& values,
                               double factor = 1) {
  std::ostringstream text;
  text.precision(17);
  for (size_t i = 0; i < values.size(); ++i) {
    text << field << " { objective: \"t" << i << "\" value: " << factor * values[i].get<double>()
         << " } ";
  }
  return text.str();
}

inline std::string number_text(const std::string& field, double value) {
  std::ostringstream text;
  text.precision(17);
  text << field << ": " << value << " ";
  return text.str();
}

// For rules that are functions of a solver's matrix.
inline solvers::Matrix gramian_of(const torch::Tensor& rows) {
  const auto gram = gram_matrix(rows);
  solvers::Matrix k(size_t(rows.size(0)));
  for (size_t i = 0; i < k.size(); ++i) {
    for (size_t j = 0; j < k.size(); ++j) {
      k(i, j) = gram[int64_t(i)][int64_t(j)].item<double>();
    }
  }
  return k;
}

inline bool is_gap(const nlohmann::json& entry) {
  return entry.at("input").get<std::string>().find("gap") != std::string::npos;
}

}  // namespace tasuki::testing
