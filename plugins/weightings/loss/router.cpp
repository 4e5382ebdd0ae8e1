#include "plugins/weightings/loss/router.h"

#include <torch/torch.h>

#include <cmath>
#include <numeric>
#include <string_view>

#include "tasuki/model/safetensors.h"

namespace tasuki::weightings {
namespace {

constexpr const char* kRow = ".router";
constexpr const char* kChannels = "router.channels";
constexpr std::string_view kBuffer = "router.optimizer.";

}  // namespace

Router::Router(const Weighting::Context& context, std::string whose)
    : whose_(std::move(whose)),
      make_optimizer_(context.make_optimizer),
      device_(context.parameters ? context.parameters->values().device() : torch::kCPU) {
  for (const auto& objective : context.objectives) {
    owners_.push_back(objective.name);
    if (!objective.auxiliary) primaries_.push_back(objective.name);
  }
}

int64_t Router::inputs() const {
  return std::accumulate(channels_.begin(), channels_.end(), int64_t(0));
}

void Router::make(const std::vector<int64_t>& channels) {
  channels_ = channels;
  const auto options = torch::TensorOptions(torch::kFloat64).device(device_);
  values_ = torch::zeros({int64_t(owners_.size()) * (inputs() + 1)}, options).requires_grad_();
  values_.mutable_grad() = torch::zeros_like(values_);
  optimizer_ = make_optimizer_({values_});
}

// Means over the images of all processes. The gradient that goes into this process's own is not
// divided by their number: the mean over the processes' gradients does that.
torch::Tensor Router::input(StepContext& step) const {
  std::vector<torch::Tensor> means;
  for (size_t i = 0; i < primaries_.size(); ++i) {
    const auto found = step.trace->last_features.find(primaries_[i]);
    if (found == step.trace->last_features.end() || !found->second.defined()) {
      means.push_back(torch::zeros({channels_[i]}, values_.options().requires_grad(false)));
    } else {
      const auto type = at::promote_types(torch::kFloat32, found->second.scalar_type());
      means.push_back(found->second.to(type).mean({0, 2, 3}).to(torch::kFloat64));
    }
  }
  const auto own = torch::cat(means);
  if (step.collective->size() == 1) return own;
  auto all = own.detach().clone();
  step.collective->mean(all);
  return own + (all - own.detach());
}

torch::Tensor Router::operator()(StepContext& step) {
  if (channels_.empty()) {
    std::vector<int64_t> channels;
    for (const auto& name : primaries_) {
      const auto& features = step.trace->last_features[name];
      if (!features.defined()) {
        throw Error(ErrorKind::kUsage,
                    whose_ + " reads the decoders' last features, and that of " + name +
                        " names none; give it a decoder that ends in one classifier");
      }
      channels.push_back(features.size(1));
    }
    make(channels);
    const torch::NoGradGuard no_grad;
    const double bound = 1 / std::sqrt(double(inputs()));
    values_.copy_((2 * step.draws.uniform_like(values_) - 1) * bound);
  }
  const auto rows = values_.view({int64_t(owners_.size()), inputs() + 1});
  return rows.slice(1, 0, inputs()).mv(input(step)) + rows.select(1, inputs());
}

void Router::update(StepContext& step) {
  optimizer_->step(step.learning_rate, values_.grad().isfinite().all());
  values_.mutable_grad().zero_();
}

std::map<std::string, torch::Tensor> Router::state() const {
  if (channels_.empty()) return {};
  std::map<std::string, torch::Tensor> all = {{kChannels, torch::tensor(channels_, torch::kInt64)}};
  const auto rows = values_.detach().view({int64_t(owners_.size()), inputs() + 1});
  for (size_t i = 0; i < owners_.size(); ++i) all[owners_[i] + kRow] = rows[int64_t(i)];
  for (const auto& [name, tensor] : optimizer_->state()) {
    all[std::string(kBuffer) + name] = tensor;
  }
  return all;
}

void Router::load_state(const std::map<std::string, torch::Tensor>& state) {
  const auto found = state.find(kChannels);
  if (found == state.end()) return;
  const auto kept = found->second.to(torch::kCPU, torch::kInt64).contiguous();
  const auto* first = kept.data_ptr<int64_t>();
  make({first, first + kept.numel()});
  NamedTensors rows, targets;
  std::map<std::string, torch::Tensor> optimizer;
  for (const auto& [name, tensor] : state) {
    if (name.starts_with(kBuffer)) {
      optimizer[name.substr(kBuffer.size())] = tensor;
    } else if (name != kChannels) {
      rows.emplace_back(name, tensor);
    }
  }
  for (const auto& [name, tensor] : this->state()) {
    if (name.ends_with(kRow)) targets.emplace_back(name, tensor);
  }
  copy_tensors(rows, targets, whose_);
  optimizer_->load_state(optimizer);
}

}  // namespace tasuki::weightings
