#include <torch/torch.h>

#include <cmath>

#include "plugins/weightings/gramian/config.pb.h"
#include "plugins/weightings/gramian/grouped_weighting.h"
#include "plugins/weightings/gramian/objective_values.h"
#include "plugins/weightings/gramian/unit_rows.h"
#include "tasuki/solvers/tensors.h"

namespace tasuki::weightings {
namespace {

constexpr double kVanishingDirection = 1e-12;  // of |u|, relative to the sum of its terms' lengths

class ConFIG : public GroupedWeighting {
 public:
  ConFIG(const options::ConFIG& options, const Context& context)
      : GroupedWeighting(context),
        preference_(objective_weights(options.preference(), "preference", 1, context), 1) {}

  torch::Tensor weigh_group(const torch::Tensor& gramian, const RowGroup& group, Draws&) override {
    return solvers::weigh_finite(gramian, [&](const solvers::Matrix& k) {
      const auto preference = preference_.of(group);
      const UnitRows unit(k);
      solvers::Values wanted;
      for (const size_t row : unit.rows) wanted.push_back(preference[row]);
      const auto v = solvers::solve_least_norm(unit.cosines, wanted);
      // g_i . u over |g_i|
      const auto cosines = solvers::multiply(unit.cosines, v);
      const double length = solvers::norm(unit.cosines, v);
      double terms = 0;
      for (const double value : v) terms += std::abs(value);
      solvers::Values weights(k.size(), 0.0);
      if (!(length > kVanishingDirection * terms)) return weights;
      const double projections = solvers::dot(unit.lengths, cosines) / (length * length);
      for (size_t i = 0; i < v.size(); ++i) {
        weights[unit.rows[i]] = projections * v[i] / unit.lengths[i];
      }
      return weights;
    });
  }

 private:
  ObjectiveValues preference_;
};

}  // namespace

TASUKI_REGISTER(Weighting, ConFIG, options::ConFIG, "tasuki/ConFIG");

}  // namespace tasuki::weightings
