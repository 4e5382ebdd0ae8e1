#include "tasuki/step/step_context.h"

#include <torch/torch.h>

namespace tasuki {

torch::Tensor StepContext::index_tensor() const {
  if (index_on_device.defined()) return index_on_device;
  const std::vector<int64_t> values(index.begin(), index.end());
  return torch::tensor(values, torch::kInt64).to(coefficients.device());
}

torch::Tensor StepContext::loss_values() const {
  std::vector<torch::Tensor> values;
  for (const auto& loss : losses) values.push_back(loss.detach().to(torch::kFloat64).reshape({}));
  auto all = torch::stack(values);
  collective->mean(all);
  return all;
}

torch::Tensor StepContext::extra_loss_values() const {
  if (extra_losses.empty()) return torch::empty({0}, coefficients.options());
  std::vector<torch::Tensor> values;
  for (const auto& extra : extra_losses) {
    values.push_back(extra.loss.detach().to(torch::kFloat64).reshape({}));
  }
  auto all = torch::stack(values);
  collective->mean(all);
  return all;
}

torch::Tensor weighted_sum(const std::vector<torch::Tensor>& losses, const torch::Tensor& factors) {
  torch::Tensor sum;
  for (size_t i = 0; i < losses.size(); ++i) {
    const auto factor = factors[int64_t(i)].to(losses[i].scalar_type());
    const auto term = losses[i] * factor;
    sum = sum.defined() ? sum + term : term;
  }
  return sum;
}

std::vector<double> to_vector(const torch::Tensor& values) {
  const auto plain = values.detach().to(torch::kCPU, torch::kFloat64).contiguous();
  return {plain.data_ptr<double>(), plain.data_ptr<double>() + plain.numel()};
}

}  // namespace tasuki
