#include "plugins/losses/values.h"

#include <torch/torch.h>

#include <cmath>
#include <limits>

#include "tasuki/registry/registry.h"

namespace tasuki::losses {

void require_values(const TargetInfo& target, const std::string& loss) {
  require_option(
      !target.is_index, "",
      loss + " compares numbers, but labels of kind " + target.field_kind + " are class indices");
}

void require_one_number(const TargetInfo& target, const std::string& loss) {
  require_values(target, loss);
  require_option(target.channels == 1, "",
                 loss + " compares one number a pixel, but task " + target.task + " has " +
                     std::to_string(target.channels));
}

void require_vectors(const TargetInfo& target, const std::string& loss, int64_t least,
                     int64_t most) {
  require_values(target, loss);
  require_option(target.channels >= least && target.channels <= most, "",
                 loss + " compares vectors" +
                     (least == most ? " of " + std::to_string(least) + " components" : "") +
                     ", but task " + target.task + " has " + std::to_string(target.channels) +
                     (target.channels == 1 ? " number a pixel" : " components"));
}

torch::Tensor over_components(const torch::Tensor& values) {
  return values.size(1) == 1 ? values : values.sum(1, /*keepdim=*/true);
}

torch::Tensor extended_log(const torch::Tensor& x, double floor) {
  const auto tangent = x / floor + (std::log(floor) - 1);
  return torch::where(x < floor, tangent, x.clamp_min(floor).log());
}

torch::Tensor log_difference(const torch::Tensor& prediction, const torch::Tensor& target,
                             const torch::Tensor& valid, double floor) {
  const auto one = torch::ones({}, target.options());
  return extended_log(prediction, floor) - torch::where(valid, target, one).log();
}

torch::Tensor group_sums(const torch::Tensor& values, bool by_image) {
  return by_image ? values.flatten(1).sum(1) : values.sum().unsqueeze(0);
}

}  // namespace tasuki::losses
