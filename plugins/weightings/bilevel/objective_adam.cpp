#include "plugins/weightings/bilevel/objective_adam.h"

#include <torch/torch.h>

#include <cmath>

#include "tasuki/step/step_context.h"

namespace tasuki::weightings {
namespace {

constexpr double kBeta1 = 0.9, kBeta2 = 0.999, kEps = 1e-8;

}  // namespace

ObjectiveAdam::ObjectiveAdam(int64_t objectives, double init, double lr)
    : lr_(lr),
      values_(torch::full({objectives}, init, torch::kFloat64)),
      mean_(torch::zeros_like(values_)),
      square_(torch::zeros_like(values_)),
      updates_(torch::zeros_like(values_, torch::kInt64)) {}

torch::Tensor ObjectiveAdam::at(const std::vector<size_t>& index) const {
  const std::vector<int64_t> places(index.begin(), index.end());
  return values_.index_select(0, torch::tensor(places, torch::kInt64));
}

void ObjectiveAdam::step(const std::vector<size_t>& index, const torch::Tensor& gradient) {
  const auto slopes = to_vector(gradient);
  for (size_t k = 0; k < index.size(); ++k) {
    auto& mean = mean_.data_ptr<double>()[index[k]];
    auto& square = square_.data_ptr<double>()[index[k]];
    const auto count = double(++updates_.data_ptr<int64_t>()[index[k]]);
    mean = kBeta1 * mean + (1 - kBeta1) * slopes[k];
    square = kBeta2 * square + (1 - kBeta2) * slopes[k] * slopes[k];
    const double first = mean / (1 - std::pow(kBeta1, count));
    const double second = square / (1 - std::pow(kBeta2, count));
    values_.data_ptr<double>()[index[k]] -= lr_ * first / (std::sqrt(second) + kEps);
  }
}

std::map<std::string, torch::Tensor> ObjectiveAdam::state() const {
  return {{"weights", values_}, {"exp_avg", mean_}, {"exp_avg_sq", square_}, {"updates", updates_}};
}

}  // namespace tasuki::weightings
