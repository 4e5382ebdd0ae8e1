#include "acme/edge_loss.h"

#include "acme/edge.pb.h"
#include "tasuki/registry/registry.h"

namespace acme {
namespace {

class EdgeLoss final : public tasuki::Loss {
 public:
  EdgeLoss(const options::EdgeLoss& options, const Context& context) {
    tasuki::require_option(!context.is_index && context.channels == 1, "",
                           "EdgeLoss is of tasks with one number a pixel");
    if (options.has_positive_weight()) positive_weight_ = options.positive_weight();
  }

  tasuki::LossSum compute(const torch::Tensor& prediction,
                          const torch::Tensor& target) const override {
    return edge_loss(prediction, target, positive_weight_);
  }
  // The share of pixels that are no edge is of the whole batch.
  bool splits() const override { return positive_weight_.has_value(); }

 private:
  std::optional<double> positive_weight_;
};

}  // namespace

TASUKI_REGISTER(tasuki::Loss, EdgeLoss, options::EdgeLoss, "acme/EdgeLoss");

}  // namespace acme
