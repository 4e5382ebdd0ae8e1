#include <torch/torch.h>

#include <algorithm>

#include "plugins/weightings/rows/graddrop.pb.h"
#include "plugins/weightings/rows/sign_dropout.h"
#include "tasuki/step/weighting.h"

namespace tasuki::weightings {
namespace {

class GradDrop : public RowWeighting {
 public:
  GradDrop(const options::GradDrop& options, const Context& context) {
    const auto primaries =
        std::count_if(context.objectives.begin(), context.objectives.end(),
                      [](const Objective& objective) { return !objective.auxiliary; });
    require_option(context.objectives.empty() || options.leaks_size() == 0 ||
                       options.leaks_size() == primaries,
                   "leaks",
                   "has " + std::to_string(options.leaks_size()) + " numbers, but there are " +
                       std::to_string(primaries) + " tasks; give one for each, or leak for all");
    leaks_.assign(options.leaks().begin(), options.leaks().end());
    leaks_.resize(std::max(context.objectives.size(), leaks_.size()), options.leak());
    leak_ = options.leak();
  }

  bool by_column() const override { return true; }

  torch::Tensor combine(const torch::Tensor& rows, Draws& draws) override {
    std::vector<double> leaks;
    for (size_t i = 0; i < size_t(rows.size(0)); ++i) leaks.push_back(leak_of(i));
    return drop(rows, leaks, draws);
  }
  torch::Tensor combine_group(const torch::Tensor& rows, const RowGroup& group,
                              Draws& draws) override {
    std::vector<double> leaks;
    for (const size_t i : group.objectives) leaks.push_back(leak_of(i));
    return drop(rows, leaks, draws);
  }

 private:
  double leak_of(size_t objective) const {
    return objective < leaks_.size() ? leaks_[objective] : leak_;
  }
  static torch::Tensor drop(const torch::Tensor& rows, const std::vector<double>& leaks,
                            Draws& draws) {
    torch::Tensor some;
    if (std::count(leaks.begin(), leaks.end(), 0) < int64_t(leaks.size())) {
      some = torch::tensor(leaks, torch::kFloat64).to(rows.options());
    }
    return drop_signs(rows, draw_signs(rows, draws.uniform_like(rows[0])), some);
  }

  std::vector<double> leaks_;  // by objective
  double leak_ = 0;            // of objectives that no model has named
};

}  // namespace

TASUKI_REGISTER(Weighting, GradDrop, options::GradDrop, "tasuki/GradDrop");

}  // namespace tasuki::weightings
