#include <torch/torch.h>

#include "plugins/weightings/gramian/gradient_surgery.h"
#include "plugins/weightings/gramian/gradvac.pb.h"
#include "plugins/weightings/gramian/grouped_weighting.h"
#include "plugins/weightings/gramian/orders.h"
#include "tasuki/solvers/tensors.h"

namespace tasuki::weightings {
namespace {

class GradVac : public GroupedWeighting {
 public:
  GradVac(const options::GradVac& options, const Context& context)
      : GroupedWeighting(context), beta_(options.beta()), eps_(options.eps()) {}

  torch::Tensor weigh_group(const torch::Tensor& gramian, const RowGroup& group,
                            Draws& draws) override {
    return solvers::weigh_finite(gramian, [&](const solvers::Matrix& k) {
      std::vector<std::string> names;
      for (const size_t index : group.objectives) names.push_back(objective_name(index));
      return vaccinate(k, draw_orders(k.size(), draws), beta_, eps_,
                       [&](size_t i, size_t j) -> double& {
                         return goals_[group.part + "." + names[i] + "." + names[j]];
                       });
    });
  }

  // "PART.OBJECTIVE.OTHER": the goal of the pair, a scalar.
  std::map<std::string, torch::Tensor> method_state() const override {
    std::map<std::string, torch::Tensor> state;
    for (const auto& [pair, goal] : goals_) state[pair] = torch::tensor(goal, torch::kFloat64);
    return state;
  }
  void load_method_state(const std::map<std::string, torch::Tensor>& state) override {
    goals_.clear();
    for (const auto& [pair, goal] : state) goals_[pair] = goal.item<double>();
  }

 private:
  double beta_;
  double eps_;
  std::map<std::string, double> goals_;
};

}  // namespace

TASUKI_REGISTER(Weighting, GradVac, options::GradVac, "tasuki/GradVac");

}  // namespace tasuki::weightings
