#include <torch/torch.h>

#include <cmath>

#include "plugins/weightings/gramian/grouped_weighting.h"
#include "plugins/weightings/gramian/mgda.pb.h"
#include "tasuki/solvers/min_norm.h"
#include "tasuki/solvers/tensors.h"

namespace tasuki::weightings {
namespace {

class MGDA : public GroupedWeighting {
 public:
  MGDA(const options::MGDA& options, const Context& context)
      : GroupedWeighting(context), normalization_(options.normalization()) {}

  options::GradientOptions::Scale rule_scale() const override {
    return options::GradientOptions::MEAN;
  }
  torch::Tensor weigh_group(const torch::Tensor& gramian, const RowGroup& group, Draws&) override {
    return solvers::weigh_finite(gramian, [&](const solvers::Matrix& k) {
      const auto sizes = sizes_of(k, group);
      solvers::Matrix normalized(k.size());
      for (size_t i = 0; i < k.size(); ++i) {
        for (size_t j = 0; j < k.size(); ++j) normalized(i, j) = k(i, j) / sizes[i] / sizes[j];
      }
      auto weights = solvers::min_norm_weights(normalized);
      for (size_t i = 0; i < weights.size(); ++i) weights[i] /= sizes[i];
      return weights;
    });
  }

 private:
  // What the gradients are divided by.
  solvers::Values sizes_of(const solvers::Matrix& k, const RowGroup& group) const {
    using Options = options::MGDA;
    solvers::Values sizes(k.size(), 1.0);
    if (normalization_ == Options::LOSS || normalization_ == Options::LOSS_PLUS) {
      if (group.losses.defined()) sizes = to_vector(group.losses);
    }
    for (size_t i = 0; i < k.size(); ++i) {
      if (normalization_ == Options::L2 || normalization_ == Options::LOSS_PLUS) {
        sizes[i] *= std::sqrt(std::fmax(k(i, i), 0.0));
      }
      if (!(sizes[i] > 0)) sizes[i] = 1;
    }
    return sizes;
  }

  options::MGDA::Normalization normalization_;
};

}  // namespace

TASUKI_REGISTER(Weighting, MGDA, options::MGDA, "tasuki/MGDA");

}  // namespace tasuki::weightings
