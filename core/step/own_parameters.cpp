#include "tasuki/step/own_parameters.h"

#include <torch/torch.h>

#include <set>

#include "tasuki/model/safetensors.h"

namespace tasuki {
namespace {

constexpr const char* kOptimizer = ".optimizer.";

using State = std::map<std::string, torch::Tensor>;

// Whether a tensor of an optimiser's state has a number for each element.
bool is_by_element(const torch::Tensor& tensor, int64_t elements) {
  return tensor.dim() == 1 && tensor.size(0) == elements;
}

State copy_of(const State& state) {
  State copy;
  for (const auto& [name, tensor] : state) copy[name] = tensor.clone();
  return copy;
}

}  // namespace

OwnParameters::OwnParameters(std::string name, std::vector<std::string> owners, double init,
                             const MakeOptimizer& make_optimizer, torch::Device device, bool decays)
    : name_(std::move(name)), owners_(std::move(owners)) {
  const auto options = torch::TensorOptions(torch::kFloat64).device(device);
  values_ = torch::full({int64_t(owners_.size())}, init, options).requires_grad_();
  values_.mutable_grad() = torch::zeros_like(values_);
  const ParameterGroup all{{0, values_.numel()}, 1, decays ? 1.0 : 0.0};
  optimizer_ = make_optimizer({values_, {all}});
}

void OwnParameters::step(double learning_rate, const torch::Tensor& apply,
                         const torch::Tensor& index) {
  const torch::NoGradGuard no_grad;
  if (index.numel() == values_.numel()) {
    optimizer_->step(learning_rate, apply);
    values_.mutable_grad().zero_();
    return;
  }
  const auto runs = torch::zeros_like(values_, torch::kBool).index_fill_(0, index, true);
  const auto values = values_.clone();
  const auto before = copy_of(optimizer_->state());
  optimizer_->step(learning_rate, apply);
  values_.copy_(torch::where(runs, values_, values));
  State after = copy_of(optimizer_->state());
  for (auto& [name, tensor] : after) {
    if (!is_by_element(tensor, values_.numel())) continue;
    const auto found = before.find(name);
    const auto kept = found == before.end() ? torch::zeros_like(tensor) : found->second;
    tensor = torch::where(runs.to(tensor.device()), tensor, kept);
  }
  optimizer_->load_state(after);
  values_.mutable_grad().zero_();
}

State OwnParameters::state() const {
  State all;
  const auto optimizer = optimizer_->state();
  for (size_t i = 0; i < owners_.size(); ++i) {
    all[value_name(owners_[i])] = values_.detach().narrow(0, int64_t(i), 1);
    for (const auto& [name, tensor] : optimizer) {
      const bool own = is_by_element(tensor, values_.numel());
      all[owners_[i] + kOptimizer + name] = own ? tensor.narrow(0, int64_t(i), 1) : tensor;
    }
  }
  return all;
}

void OwnParameters::load_state(const State& state, const std::string& whose) {
  NamedTensors values, targets;
  std::set<std::string> buffers;
  for (const auto& item : state) {
    const size_t at = item.first.find(kOptimizer);
    if (at == std::string::npos) {
      values.push_back(item);
    } else {
      buffers.insert(item.first.substr(at + std::string_view(kOptimizer).size()));
    }
  }
  for (size_t i = 0; i < owners_.size(); ++i) {
    targets.emplace_back(value_name(owners_[i]), values_.detach().narrow(0, int64_t(i), 1));
  }
  copy_tensors(values, targets, whose);
  State optimizer;
  for (const auto& buffer : buffers) {
    std::vector<torch::Tensor> elements;
    torch::Tensor count;  // of all: the largest, where each had one of its own
    for (const auto& owner : owners_) {
      const auto found = state.find(owner + kOptimizer + buffer);
      if (found == state.end()) {  // had not run yet
        elements.push_back(torch::zeros({1}, torch::kFloat64));
      } else if (found->second.dim() == 1) {
        elements.push_back(found->second.to(torch::kCPU));
      } else {
        count = count.defined() ? torch::maximum(count, found->second) : found->second;
      }
    }
    optimizer[buffer] = count.defined() ? count : torch::cat(elements);
  }
  optimizer_->load_state(optimizer);
}

}  // namespace tasuki
