#include <torch/torch.h>

#include <cmath>

#include "plugins/weightings/rows/moco.pb.h"
#include "plugins/weightings/rows/row_state.h"
#include "plugins/weightings/rows/row_values.h"
#include "tasuki/solvers/simplex.h"
#include "tasuki/step/weighting.h"

namespace tasuki::weightings {
namespace {

constexpr double kLengthFloor = 1e-8;

class MoCo : public StatefulRowWeighting {
 public:
  MoCo(const options::MoCo& options, const Context& context)
      : StatefulRowWeighting("MoCo", options.gradients(), context, {"gradient", "lambda", "steps"}),
        options_(options) {}

  options::GradientOptions::Scale rule_scale() const override {
    return options::GradientOptions::MEAN;
  }
  torch::Tensor combine_group(const torch::Tensor& rows, const RowGroup& group,
                              Draws& /*draws*/) override {
    if (!all_finite(rows, group.losses)) return torch::full_like(rows[0], std::nan(""));
    const auto running = update_gradients(rows, group);
    return weigh_vectors(running, update_weights(inner_products(running), group));
  }

 private:
  std::vector<torch::Tensor> update_gradients(const torch::Tensor& rows, const RowGroup& group) {
    const auto lengths = to_vector(group.losses.to(torch::kCPU) / (row_norms(rows) + kLengthFloor));
    std::vector<torch::Tensor> running;
    for (size_t i = 0; i < lengths.size(); ++i) {
      const double steps = state_.number(group, i, "steps", 0) + 1;
      state_.set_number(group, i, "steps", steps);
      const double beta = options_.beta() / std::pow(steps, options_.beta_sigma());
      const auto row = rows[int64_t(i)];
      running.push_back(state_.vector(group, i, "gradient", row));
      running.back().mul_(1 - beta).add_(row, beta * lengths[i]);
    }
    return running;
  }

  // lambda of the group, [n] float64 on the CPU.
  torch::Tensor update_weights(const torch::Tensor& gramian, const RowGroup& group) {
    const double steps = state_.number(group, "steps", 0) + 1;
    state_.set_number(group, "steps", steps);
    const double gamma = options_.gamma() / std::pow(steps, options_.gamma_sigma());
    const auto lambda = state_.shares(group, "lambda");
    const auto moved = lambda - gamma * (gramian.mv(lambda) + options_.rho() * lambda);
    const bool projects = options_.weights() == options::MoCo::SIMPLEX;
    const auto weights = projects ? solvers::project_to_simplex(moved) : moved.softmax(0);
    state_.set_shares(group, "lambda", weights);
    return weights;
  }

  options::MoCo options_;
};

}  // namespace

TASUKI_REGISTER(Weighting, MoCo, options::MoCo, "tasuki/MoCo");

}  // namespace tasuki::weightings
