#include <torch/torch.h>

#include <cmath>

#include "plugins/weightings/rows/db_mtl.pb.h"
#include "plugins/weightings/rows/row_state.h"
#include "plugins/weightings/rows/row_values.h"
#include "tasuki/step/weighting.h"

namespace tasuki::weightings {
namespace {

constexpr double kNormFloor = 1e-8;

class DBMTL : public StatefulRowWeighting {
 public:
  DBMTL(const options::DBMTL& options, const Context& context)
      : StatefulRowWeighting("DBMTL", options.gradients(), context, {"gradient", "steps"}),
        beta_(options.beta()),
        sigma_(options.beta_sigma()) {}

  void set_up(const options::DBMTL& options, const Context& context) {
    auto common = options.gradients();
    common.set_log_losses(true);
    GradientWeighting::set_up(common, context);
  }

  torch::Tensor combine_group(const torch::Tensor& rows, const RowGroup& group,
                              Draws& /*draws*/) override {
    if (!all_finite(rows, group.losses)) return torch::full_like(rows[0], std::nan(""));
    std::vector<torch::Tensor> buffers;
    for (size_t i = 0; i < group.objectives.size(); ++i) {
      buffers.push_back(update(rows[int64_t(i)], group, i));
    }
    const auto norms = row_norms(buffers);
    return weigh_vectors(buffers, norms.max() / (norms + kNormFloor));
  }

 private:
  torch::Tensor update(const torch::Tensor& row, const RowGroup& group, size_t i) {
    const double steps = state_.number(group, i, "steps", 0) + 1;
    state_.set_number(group, i, "steps", steps);
    const double beta = beta_ / std::pow(steps, sigma_);
    return state_.vector(group, i, "gradient", row).mul_(beta).add_(row, 1 - beta);
  }

  double beta_, sigma_;
};

}  // namespace

TASUKI_REGISTER(Weighting, DBMTL, options::DBMTL, "tasuki/DBMTL");

}  // namespace tasuki::weightings
