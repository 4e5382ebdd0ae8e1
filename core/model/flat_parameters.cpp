#include "core/model/flat_parameters.h"

#include <torch/torch.h>

#include <map>
#include <sstream>

#include "core/error/error.h"

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

// One vector holds one type, on one device.
void check_like(const torch::Tensor& parameter, const std::string& name,
                const std::vector<torch::Tensor>& others) {
  if (others.empty()) return;
  const auto& first = others.front();
  if (parameter.dtype() == first.dtype() && parameter.device() == first.device()) return;
  std::ostringstream text;
  text << "parameter " << name << " is " << parameter.dtype() << " on " << parameter.device()
       << ", others of the model are " << first.dtype() << " on " << first.device()
       << ": trainable parameters need one type and one device";
  throw Error(ErrorKind::kPlugin, text.str());
}

bool is_view_of(const torch::Tensor& part, const torch::Tensor& whole, int64_t begin) {
  return part.numel() == 0 || part.data_ptr() == static_cast<char*>(whole.data_ptr()) +
                                                     begin * int64_t(whole.element_size());
}

}  // namespace

FlatParameters::FlatParameters(torch::nn::Module& model, bool channels_last)
    : channels_last_(channels_last) {
  std::map<const c10::TensorImpl*, size_t> known;
  int64_t size = 0;
  for (const auto& item : model.named_parameters()) {
    torch::Tensor parameter = item.value();
    const auto [place, first] = known.emplace(parameter.unsafeGetTensorImpl(), spans_.size());
    if (!parameter.requires_grad()) {
      if (channels_last && parameter.dim() == 4) {
        parameter.set_data(parameter.contiguous(at::MemoryFormat::ChannelsLast));
      }
    } else if (!first) {
      spans_[place->second].other_names.push_back(item.key());
    } else {
      check_like(parameter, item.key(), parameters_);
      spans_.push_back({item.key(), size, size + parameter.numel(), {}});
      parameters_.push_back(parameter);
      size = (spans_.back().end + kSpanAlignment - 1) / kSpanAlignment * kSpanAlignment;
    }
  }
  const auto options =
      parameters_.empty() ? torch::TensorOptions(torch::kFloat32) : parameters_.front().options();
  values_ = torch::zeros({size}, options.requires_grad(false));
  gradient_ = torch::zeros_like(values_);
  for (size_t i = 0; i < parameters_.size(); ++i) {
    auto& parameter = parameters_[i];
    const auto view = view_like(values_, spans_[i].begin, parameter, channels_last);
    {
      const torch::NoGradGuard no_grad;
      view.copy_(parameter);
    }
    parameter.set_data(view);
    parameter.mutable_grad() = gradient_view(i);
  }
  values_.set_requires_grad(true);
  values_.mutable_grad() = gradient_;
}

torch::Tensor FlatParameters::gradient_view(size_t i) const {
  return view_like(gradient_, spans_[i].begin, parameters_[i], channels_last_);
}

void FlatParameters::zero_gradient() {
  gradient_.zero_();
  for (size_t i = 0; i < parameters_.size(); ++i) {
    if (!parameters_[i].grad().defined()) parameters_[i].mutable_grad() = gradient_view(i);
  }
  if (!values_.grad().defined()) values_.mutable_grad() = gradient_;
}

void FlatParameters::check() const {
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const auto& parameter = parameters_[i];
    const auto& gradient = parameter.grad();
    const bool in_values = is_view_of(parameter, values_, spans_[i].begin);
    if (in_values && (!gradient.defined() || is_view_of(gradient, gradient_, spans_[i].begin))) {
      continue;
    }
    throw Error(
        ErrorKind::kRun,
        std::string(in_values ? "the gradient of " : "") + "parameter " + spans_[i].name +
            " is no longer part of the vector that the optimiser works on, so that it is "
            "not trained as it seems: a plugin or hook replaced it (moved the model, called "
            "set_data, or walked a graph backward with create_graph); write into the "
            "tensor that is there instead");
  }
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
