#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "plugins/weightings/rows/row_state.h"
#include "plugins/weightings/rows/row_values.h"
#include "plugins/weightings/rows/sam_gs.pb.h"
#include "tasuki/step/weighting.h"

namespace tasuki::weightings {
namespace {

constexpr double kVarianceFloor = 1e-8;

// How alike the lengths of gradients are: the mean over pairs, and the least.
struct Similarity {
  explicit Similarity(const std::vector<double>& norms) {
    double sum = 0, pairs = 0;
    for (size_t i = 0; i < norms.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        const double longer = std::max(norms[i], norms[j]), shorter = std::min(norms[i], norms[j]);
        const double ratio = longer > 0 ? shorter / longer : 1;
        const double s = 2 * ratio / (1 + ratio * ratio);
        least = std::min(least, s);
        sum += s;
        ++pairs;
      }
    }
    mean = pairs > 0 ? sum / pairs : 1;
  }
  double mean = 1, least = 1;
};

class SAMGS : public StatefulRowWeighting {
 public:
  SAMGS(const options::SAMGS& options, const Context& context)
      : StatefulRowWeighting("SAMGS", options.gradients(), context,
                             {"momentum", "steps", "variance"}),
        options_(options) {}

  torch::Tensor combine_group(const torch::Tensor& rows, const RowGroup& group,
                              Draws& /*draws*/) override {
    const auto norms = to_vector(row_norms(rows));
    const double sum = std::accumulate(norms.begin(), norms.end(), 0.0);
    if (!std::isfinite(sum)) return torch::full_like(rows[0], std::nan(""));
    const Similarity similarity(norms);
    const double spread = std::sqrt(update_variance(group, similarity));
    const bool alike = similarity.least >= options_.gamma();
    auto direction = torch::zeros_like(
        rows[0], rows.options().dtype(at::promote_types(torch::kFloat32, rows.scalar_type())));
    for (size_t i = 0; i < norms.size(); ++i) {
      const auto row = rows[int64_t(i)];
      double correction = 1;
      const auto momentum = update_momentum(row, group, i, correction);
      if (alike) {
        direction.addcmul_(row, momentum.abs(), 1 / (correction * spread));
      } else if (norms[i] > 0) {
        direction.add_(row, sum / double(norms.size()) / norms[i]);
      }
    }
    return direction;
  }

 private:
  // v without the bias of its start.
  double update_variance(const RowGroup& group, const Similarity& similarity) {
    const double beta = options_.beta2(), steps = state_.number(group, "steps", 0) + 1;
    const double deviation = 1 - similarity.mean;
    const double variance = beta * state_.number(group, "variance", 0) +
                            (1 - beta) * deviation * deviation + kVarianceFloor;
    state_.set_number(group, "steps", steps);
    state_.set_number(group, "variance", variance);
    return variance / (1 - std::pow(beta, steps));
  }

  // m, and what to divide it by.
  torch::Tensor update_momentum(const torch::Tensor& row, const RowGroup& group, size_t i,
                                double& correction) {
    const double beta = options_.beta1(), steps = state_.number(group, i, "steps", 0) + 1;
    state_.set_number(group, i, "steps", steps);
    correction = 1 - std::pow(beta, steps);
    const auto momentum = state_.vector(group, i, "momentum", row);
    momentum.mul_(beta).add_(row, 1 - beta);
    return momentum;
  }

  options::SAMGS options_;
};

}  // namespace

TASUKI_REGISTER(Weighting, SAMGS, options::SAMGS, "tasuki/SAMGS");

}  // namespace tasuki::weightings
