#include <torch/torch.h>

#include <numeric>

#include "plugins/weightings/rows/independent_batches.h"
#include "plugins/weightings/rows/sdmgrad.pb.h"
#include "tasuki/solvers/simplex.h"

namespace tasuki::weightings {
namespace {

constexpr double kScaleFloor = 1e-8;

class SDMGrad : public IndependentBatches {
 public:
  SDMGrad(const options::SDMGrad& options, const Context& context)
      : IndependentBatches("SDMGrad", options.scale(), context), options_(options) {
    for (const auto& objective : context.objectives) primaries_ += objective.auxiliary ? 0 : 1;
    const auto& given = options.preference();
    require_option(given.empty() || given.size() == primaries_, "preference",
                   "has " + std::to_string(given.size()) + " numbers, but there are " +
                       std::to_string(primaries_) + " tasks; give one for each");
    require_option(given.empty() || std::accumulate(given.begin(), given.end(), 0.0) > 0,
                   "preference", "must have a number above 0");
  }

 protected:
  torch::Tensor learn(const torch::Tensor& products, const RowGroup& group) override {
    const double scale = products.diagonal().clamp_min(0).sqrt().mean().item<double>();
    const auto matrix = products / (scale * scale + kScaleFloor);
    const auto pull = options_.lambda() * preference(group);
    auto weights = kept().shares(group, "weight");
    auto velocity = torch::zeros_like(weights);
    for (uint32_t i = 0; i < options_.iterations(); ++i) {
      velocity = options_.momentum() * velocity + matrix.mv(weights + pull);
      weights = solvers::project_to_simplex(weights - options_.lr() * velocity);
    }
    kept().set_shares(group, "weight", weights);
    return (weights + pull) / (1 + options_.lambda());
  }

 private:
  // [n], sums to 1.
  torch::Tensor preference(const RowGroup& group) const {
    const auto& given = options_.preference();
    const double sum = std::accumulate(given.begin(), given.end(), 0.0);
    std::vector<double> values;
    for (const size_t objective : group.objectives) {
      const bool is_primary = objective < size_t(given.size());
      values.push_back(given.empty() ? 1 : is_primary ? given[int(objective)] : sum / primaries_);
    }
    const auto all = torch::tensor(values, torch::kFloat64);
    const double total = all.sum().item<double>();
    return total > 0 ? all / total : torch::full_like(all, 1 / double(values.size()));
  }

  options::SDMGrad options_;
  int primaries_ = 0;
};

}  // namespace

TASUKI_REGISTER(Weighting, SDMGrad, options::SDMGrad, "tasuki/SDMGrad");

}  // namespace tasuki::weightings
