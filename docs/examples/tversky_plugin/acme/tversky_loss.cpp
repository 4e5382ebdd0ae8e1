#include <torch/torch.h>

#include "acme/tversky_loss.pb.h"
#include "tasuki/loss.h"

namespace acme {

class TverskyLoss : public tasuki::Loss {
 public:
  explicit TverskyLoss(const options::TverskyLoss& options)
      : alpha_(options.alpha()), beta_(options.beta()) {}

  // prediction: logits [N, C, H, W]; target: [N, H, W] int64, -1 void.
  tasuki::LossSum compute(const torch::Tensor& prediction,
                          const torch::Tensor& target) const override {
    const auto valid = target.ge(0).unsqueeze(1);
    const auto p = prediction.softmax(1).masked_fill(~valid, 0);
    const auto g = torch::zeros_like(p).scatter(1, target.clamp_min(0).unsqueeze(1), 1.0) * valid;
    const auto hit = (p * g).sum({2, 3}), extra = (p * (1 - g)).sum({2, 3}),
               missed = ((1 - p) * g).sum({2, 3});
    const auto index = (hit + 1) / (hit + alpha_ * extra + beta_ * missed + 1);
    const auto counts = valid.flatten(1).any(1);
    return {((1 - index.mean(1)) * counts).sum(), counts.sum()};
  }

 private:
  double alpha_, beta_;
};

TASUKI_REGISTER(tasuki::Loss, TverskyLoss, options::TverskyLoss, "acme/TverskyLoss");

}  // namespace acme
