#include "core/model/flat_parameters.h"

#include <torch/torch.h>

namespace tasuki {
namespace {

constexpr int64_t kSpanAlignment = 16;  // float32 elements: 64 bytes

// A view of flat[begin, ...) with the sizes of `like`.
torch::Tensor view_like(const torch::Tensor& flat, int64_t begin, const torch::Tensor& like,
                        bool channels_last) {
  const auto part = flat.narrow(0, begin, like.numel());
  if (!channels_last || like.dim() != 4) return part.view(like.sizes());
  return part.view({like.size(0), like.size(2), like.size(3), like.size(1)}).permute({0, 3, 1, 2});
}

}  // namespace

FlatParameters::FlatParameters(torch::nn::Module& model, bool channels_last) {
  const auto parameters = model.named_parameters();
  int64_t size = 0;
  for (const auto& item : parameters) {
    spans_.push_back({item.key(), size, size + item.value().numel()});
    size = (spans_.back().end + kSpanAlignment - 1) / kSpanAlignment * kSpanAlignment;
  }
  const auto options = parameters.is_empty() ? torch::TensorOptions(torch::kFloat32)
                                             : parameters.begin()->value().options();
  values_ = torch::zeros({size}, options.requires_grad(false));
  gradient_ = torch::zeros_like(values_);
  size_t i = 0;
  for (const auto& item : parameters) {
    torch::Tensor parameter = item.value();
    const auto view = view_like(values_, spans_[i].begin, parameter, channels_last);
    {
      const torch::NoGradGuard no_grad;
      view.copy_(parameter);
    }
    parameter.set_data(view);
    parameter.mutable_grad() = view_like(gradient_, spans_[i].begin, parameter, channels_last);
    ++i;
  }
  values_.set_requires_grad(true);
  values_.mutable_grad() = gradient_;
}

int64_t FlatParameters::count() const {
  int64_t total = 0;
  for (const auto& span : spans_) total += span.end - span.begin;
  return total;
}

torch::Tensor FlatParameters::clip_gradient(double largest) {
  const auto norm = gradient_.norm();
  // 1 changes no bit. The division is in double, as that of two numbers on the host would be.
  const auto factor = (largest / norm.to(torch::kFloat64)).clamp_max(1);
  gradient_.mul_(factor.to(gradient_.scalar_type()));
  return norm;
}

torch::Tensor FlatParameters::gradient_is_finite() const {
  if (gradient_.numel() == 0) return torch::ones({}, gradient_.options().dtype(torch::kBool));
  const auto [least, most] = torch::aminmax(gradient_);  // NaN is both where there is one
  return least.isfinite().logical_and(most.isfinite());
}

}  // namespace tasuki
