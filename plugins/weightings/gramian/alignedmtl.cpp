#include <torch/torch.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "plugins/weightings/gramian/alignedmtl.pb.h"
#include "plugins/weightings/gramian/grouped_weighting.h"
#include "plugins/weightings/gramian/objective_values.h"
#include "tasuki/solvers/eigen.h"
#include "tasuki/solvers/tensors.h"

namespace tasuki::weightings {
namespace {

class AlignedMTL : public GroupedWeighting {
 public:
  AlignedMTL(const options::AlignedMTL& options, const Context& context)
      : GroupedWeighting(context),
        scale_mode_(options.scale_mode()),
        preference_(objective_weights(options.preference(), "preference", 1, context), 1) {}

  options::GradientOptions::Scale rule_scale() const override {
    return options::GradientOptions::MEAN;
  }
  torch::Tensor weigh_group(const torch::Tensor& gramian, const RowGroup& group, Draws&) override {
    return solvers::weigh_finite(gramian, [&](const solvers::Matrix& k) {
      auto preference = preference_.of(group);
      for (double& value : preference) value /= double(k.size());
      return align(k, preference);
    });
  }

 private:
  // Of the eigenvalues that count, descending.
  double scale_of(const solvers::Values& values) const {
    using Options = options::AlignedMTL;
    if (scale_mode_ == Options::MIN) return values.back();
    if (scale_mode_ == Options::MEDIAN) return values[values.size() / 2];
    return std::accumulate(values.begin(), values.end(), 0.0) / double(values.size());
  }

  solvers::Values align(const solvers::Matrix& k, const solvers::Values& preference) const {
    const size_t n = k.size();
    const auto [values, vectors] = solvers::eigen_decomposition(k);
    const double least = values[0] * double(n) * std::numeric_limits<double>::epsilon();
    solvers::Values kept;
    for (const double value : values) {
      if (value > least) kept.push_back(value);
    }
    if (kept.empty()) return preference;
    const double scale = scale_of(kept);
    solvers::Values weights(n, 0.0);
    for (size_t m = 0; m < kept.size(); ++m) {
      double share = 0;
      for (size_t i = 0; i < n; ++i) share += vectors(i, m) * preference[i];
      share *= std::sqrt(scale / kept[m]);
      for (size_t i = 0; i < n; ++i) weights[i] += share * vectors(i, m);
    }
    return weights;
  }

  options::AlignedMTL::ScaleMode scale_mode_;
  ObjectiveValues preference_;
};

}  // namespace

TASUKI_REGISTER(Weighting, AlignedMTL, options::AlignedMTL, "tasuki/AlignedMTL");

}  // namespace tasuki::weightings
