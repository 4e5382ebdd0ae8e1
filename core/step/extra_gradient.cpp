#include "tasuki/step/extra_gradient.h"

#include <torch/torch.h>

#include "tasuki/error/error.h"

namespace tasuki {

ExtraGradient::ExtraGradient(StepContext& step) {
  torch::Tensor sum;
  for (const auto& extra : step.extra_losses) {
    if (!extra.loss.requires_grad()) continue;  // what it is made of is frozen
    const auto term = extra.loss * extra.coefficient;
    sum = sum.defined() ? sum + term : term;
  }
  if (!sum.defined()) return;
  step.backward(sum, /*keep_graph=*/true);
  if (step.trace != nullptr) {
    for (const auto& gradient : step.trace->cut.take_gradients()) {
      if (!gradient.defined()) continue;
      throw Error(ErrorKind::kPlugin,
                  "an extra loss of the architecture depends on features behind the cut that it "
                  "names, where its gradient ends; names_cut() must not promise one");
    }
  }
  auto& gradient = step.parameters->gradient();
  gradient_ = gradient.clone();
  gradient.zero_();
}

void ExtraGradient::add_to(StepContext& step) {
  if (!gradient_.defined()) return;
  step.collective->mean(gradient_);
  step.parameters->gradient().add_(gradient_);
  gradient_ = torch::Tensor();
}

}  // namespace tasuki
