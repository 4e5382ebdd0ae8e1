#include <torch/torch.h>

#include <cmath>

#include "plugins/weightings/gramian/grouped_weighting.h"
#include "plugins/weightings/gramian/pcd.pb.h"
#include "tasuki/solvers/non_negative.h"
#include "tasuki/solvers/row_scaling.h"
#include "tasuki/solvers/tensors.h"

namespace tasuki::weightings {
namespace {

constexpr double kVanishingSolution = 1e-12;  // of |d|, relative to its terms' lengths

// The multipliers lambda of the other objectives, for scaled gradients h_i = s_i g_i:
// d = h_0 + sum_j lambda_j h_j. Not found where the conditions contradict each other.
solvers::NonNegative multipliers(const solvers::Matrix& scaled, double tau) {
  const size_t others = scaled.size() - 1;
  solvers::Matrix inner(others);
  for (size_t i = 0; i < others; ++i) {
    for (size_t j = 0; j < others; ++j) inner(i, j) = scaled(i + 1, j + 1);
  }
  const solvers::RowScaling rows(inner);
  solvers::Values missing(others);
  for (size_t i = 0; i < others; ++i) {
    missing[i] = (tau * inner(i, i) - scaled(i + 1, 0)) / rows.scale[i];
  }
  auto solution = solvers::solve_non_negative(rows.gramian, missing);
  solution.x = rows.to_original(solution.x);
  return solution;
}

class PCD : public GroupedWeighting {
 public:
  PCD(const options::PCD& options, const Context& context)
      : GroupedWeighting(context),
        tau_(options.tau()),
        beta_(options.beta()),
        eps_(options.eps()) {}

  options::GradientOptions::Scale rule_scale() const override {
    return options::GradientOptions::MEAN;
  }
  torch::Tensor weigh_group(const torch::Tensor& gramian, const RowGroup& group, Draws&) override {
    return solvers::weigh_finite(
        gramian, [&](const solvers::Matrix& k) { return combine(k, observe(k, group)); });
  }

  // "PART.OBJECTIVE": moving average and how many steps it has seen, [2].
  std::map<std::string, torch::Tensor> method_state() const override {
    std::map<std::string, torch::Tensor> state;
    for (const auto& [name, average] : averages_) {
      state[name] = torch::tensor({average.value, average.steps}, torch::kFloat64);
    }
    return state;
  }
  void load_method_state(const std::map<std::string, torch::Tensor>& state) override {
    averages_.clear();
    for (const auto& [name, tensor] : state) {
      const auto values = to_vector(tensor);
      averages_[name] = {values.at(0), values.at(1)};
    }
  }

 private:
  struct Average {
    double value = 0;
    double steps = 0;
  };

  // Takes the squared norms into the averages; returns s.
  solvers::Values observe(const solvers::Matrix& k, const RowGroup& group) {
    solvers::Values scales;
    for (size_t i = 0; i < k.size(); ++i) {
      auto& average = averages_[group.part + "." + objective_name(group.objectives[i])];
      average.value = beta_ * average.value + (1 - beta_) * k(i, i);
      average.steps += 1;
      const double corrected = average.value / (1 - std::pow(beta_, average.steps));
      scales.push_back(1 / std::sqrt(corrected + eps_));
    }
    return scales;
  }

  solvers::Values combine(const solvers::Matrix& k, const solvers::Values& scales) const {
    const size_t n = k.size();
    solvers::Matrix scaled(n);
    for (size_t i = 0; i < n; ++i) {
      for (size_t j = 0; j < n; ++j) scaled(i, j) = scales[i] * k(i, j) * scales[j];
    }
    solvers::Values weights(n, 0.0);
    if (!(k(0, 0) > 0)) return weights;
    const auto lambda = multipliers(scaled, tau_);
    weights[0] = lambda.found ? scales[0] : 1;
    if (!lambda.found) return weights;
    double terms = std::sqrt(scaled(0, 0));
    for (size_t i = 1; i < n; ++i) {
      weights[i] = lambda.x[i - 1] * scales[i];
      terms += lambda.x[i - 1] * std::sqrt(scaled(i, i));
    }
    const double length = solvers::norm(k, weights);
    const bool vanishes = !(length > kVanishingSolution * terms);
    for (double& weight : weights) weight *= vanishes ? 0 : std::sqrt(k(0, 0)) / length;
    return weights;
  }

  double tau_;
  double beta_;
  double eps_;
  std::map<std::string, Average> averages_;
};

}  // namespace

TASUKI_REGISTER(Weighting, PCD, options::PCD, "tasuki/PCD");

}  // namespace tasuki::weightings
