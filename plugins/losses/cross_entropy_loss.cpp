#include <torch/torch.h>

#include "plugins/losses/class_weights.h"
#include "plugins/losses/segmentation_losses.pb.h"
#include "tasuki/registry/registry.h"

namespace tasuki::losses {
namespace {

class CrossEntropyLoss final : public Loss {
 public:
  CrossEntropyLoss(const options::CrossEntropyLoss& options, const Context& context)
      : weights_(options.class_weight(), context), smoothing_(options.label_smoothing()) {
    require_classes(context, "CrossEntropyLoss");
  }

  LossSum compute(const torch::Tensor& prediction, const torch::Tensor& target) const override {
    const auto logits = loss_precision(prediction);
    const auto sum =
        at::cross_entropy_loss(logits, target, weights_.like(logits), at::Reduction::Sum,
                               /*ignore_index=*/-1, smoothing_);
    return {sum, weights_.count(target, target.ge(0), logits)};
  }

 private:
  ClassWeights weights_;
  double smoothing_;
};

}  // namespace
}  // namespace tasuki::losses

TASUKI_REGISTER(tasuki::Loss, tasuki::losses::CrossEntropyLoss, tasuki::options::CrossEntropyLoss,
                "tasuki/CrossEntropyLoss");
