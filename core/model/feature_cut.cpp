#include "tasuki/model/feature_cut.h"

#include <torch/torch.h>

namespace tasuki {

torch::Tensor FeatureCut::operator()(const std::string& name, const torch::Tensor& features) {
  names_.push_back(name);
  outputs_.push_back(features);
  leaves_.push_back(features.detach().requires_grad_());
  return leaves_.back();
}

std::vector<torch::Tensor> FeatureCut::take_gradients() {
  std::vector<torch::Tensor> gradients;
  for (auto& leaf : leaves_) {
    gradients.push_back(leaf.grad());
    leaf.mutable_grad() = torch::Tensor();
  }
  return gradients;
}

void FeatureCut::backward(const std::vector<torch::Tensor>& gradients, bool keep_graph) {
  std::vector<torch::Tensor> outputs, theirs;
  for (size_t i = 0; i < outputs_.size(); ++i) {
    if (!gradients[i].defined() || !outputs_[i].requires_grad()) continue;
    outputs.push_back(outputs_[i]);
    theirs.push_back(gradients[i]);
  }
  if (!outputs.empty()) torch::autograd::backward(outputs, theirs, keep_graph);
}

}  // namespace tasuki
