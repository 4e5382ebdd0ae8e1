#include "plugins/losses/class_weights.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "tasuki/registry/registry.h"

namespace tasuki::losses {

void require_classes(const TargetInfo& target, const std::string& loss) {
  require_option(target.is_index, "",
                 loss + " compares logits with class indices, which labels of kind " +
                     target.field_kind + " are not");
}

ClassWeights::ClassWeights(const google::protobuf::RepeatedField<float>& weights,
                           const TargetInfo& target) {
  if (weights.empty()) return;
  require_option(weights.size() == target.channels, "class_weight",
                 "has " + std::to_string(weights.size()) + " weights, but there are " +
                     std::to_string(target.channels) + " classes");
  const auto sound = [](float weight) { return weight >= 0 && std::isfinite(weight); };
  require_option(std::all_of(weights.begin(), weights.end(), sound), "class_weight",
                 "weights must be 0 or more");
  const std::vector<double> all(weights.begin(), weights.end());
  require_option(*std::max_element(all.begin(), all.end()) > 0, "class_weight",
                 "every class weighs 0: nothing would be trained");
  weights_ = torch::tensor(all, torch::kDouble);
}

torch::Tensor ClassWeights::like(const torch::Tensor& like) const {
  if (!weights_.defined()) return {};
  const std::lock_guard lock(mutex_);
  if (!last_.defined() || last_.device() != like.device() ||
      last_.scalar_type() != like.scalar_type()) {
    last_ = weights_.to(like.device(), like.scalar_type());
  }
  return last_;
}

torch::Tensor ClassWeights::count(const torch::Tensor& target, const torch::Tensor& counted,
                                  const torch::Tensor& like) const {
  const auto weights = this->like(like);
  if (!weights.defined()) return counted.sum();
  return where_valid(torch::embedding(weights.unsqueeze(1), target.clamp_min(0)).squeeze(-1),
                     counted)
      .sum();
}

torch::Tensor pixel_cross_entropy(const torch::Tensor& logits, const torch::Tensor& target,
                                  const torch::Tensor& weights) {
  return at::cross_entropy_loss(logits, target, weights, at::Reduction::None, /*ignore_index=*/-1);
}

torch::Tensor logit_groups(const torch::Tensor& logits, bool by_image) {
  return by_image ? logits.flatten(2) : logits.transpose(0, 1).flatten(1).unsqueeze(0);
}

torch::Tensor target_groups(const torch::Tensor& target, bool by_image) {
  return by_image ? target.flatten(1) : target.flatten().unsqueeze(0);
}

}  // namespace tasuki::losses
