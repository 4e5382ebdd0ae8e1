#include "tasuki/model/parameter_space.h"

#include <torch/torch.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "tasuki/error/error.h"
#include "tasuki/model/model.h"

namespace tasuki {
namespace {

constexpr int64_t kSegmentAlignment = 16;  // float32 elements: 64 bytes

// A view of flat[begin, ...) with the sizes of `like`.
torch::Tensor view_like(const torch::Tensor& flat, int64_t begin, const torch::Tensor& like,
                        bool channels_last) {
  const auto part = flat.narrow(0, begin, like.numel());
  if (!channels_last || like.dim() != 4) return part.view(like.sizes());
  return part.view({like.size(0), like.size(2), like.size(3), like.size(1)}).permute({0, 3, 1, 2});
}

// One vector holds one type, on one device.
void check_like(const ParameterInfo& parameter, const ParameterInfo& first) {
  const auto &tensor = parameter.tensor, &other = first.tensor;
  if (tensor.dtype() == other.dtype() && tensor.device() == other.device()) return;
  std::ostringstream text;
  text << "parameter " << parameter.name << " is " << tensor.dtype() << " on " << tensor.device()
       << ", others of the model are " << other.dtype() << " on " << other.device()
       << ": trainable parameters need one type and one device";
  throw Error(ErrorKind::kPlugin, text.str());
}

bool is_view_of(const torch::Tensor& part, const torch::Tensor& whole, int64_t begin) {
  return part.numel() == 0 || part.data_ptr() == static_cast<char*>(whole.data_ptr()) +
                                                     begin * int64_t(whole.element_size());
}

// Parts in the order of their first parameter, and within them groups of equal multipliers in that
// of theirs. Without multipliers, and with parts that were registered one after the other, this is
// the order of registration.
std::vector<ParameterInfo> in_order(std::vector<ParameterInfo> parameters) {
  using Multipliers = std::pair<double, double>;
  std::map<std::string, size_t> parts;
  std::map<Multipliers, size_t> groups;
  const auto multipliers = [](const ParameterInfo& parameter) {
    return Multipliers(parameter.lr_multiplier, parameter.decay_multiplier);
  };
  for (const auto& parameter : parameters) {
    parts.emplace(parameter.part(), parts.size());
    groups.emplace(multipliers(parameter), groups.size());
  }
  const auto place = [&](const ParameterInfo& parameter) {
    return std::make_pair(parts.at(parameter.part()), groups.at(multipliers(parameter)));
  };
  std::stable_sort(parameters.begin(), parameters.end(),
                   [&](const auto& a, const auto& b) { return place(a) < place(b); });
  return parameters;
}

torch::Tensor scale_down(torch::Tensor gradient, double largest) {
  const auto norm = gradient.norm();
  // 1 changes no bit. The division is in double, as that of two numbers on the host would be.
  const auto factor = (largest / norm.to(torch::kFloat64)).clamp_max(1);
  gradient.mul_(factor.to(gradient.scalar_type()));
  return norm;
}

Error detached(const std::string& what, const std::string& how) {
  return {ErrorKind::kRun, what + ", so that it is not trained as it seems: " + how};
}

}  // namespace

ParameterSpace::ParameterSpace(const torch::nn::Module& model, bool channels_last)
    : ParameterSpace(list_parameters(model), channels_last) {}

ParameterSpace::ParameterSpace(MultiTaskModel& model, bool channels_last)
    : ParameterSpace(list_parameters(model), channels_last) {}

ParameterSpace::ParameterSpace(std::vector<ParameterInfo> parameters, bool channels_last)
    : channels_last_(channels_last) {
  lay_out(std::move(parameters));
  find_parts();
  for (auto& parameter : frozen_) {
    auto& tensor = parameter.tensor;
    tensor.set_requires_grad(false);
    if (channels_last && tensor.dim() == 4) {
      tensor.set_data(tensor.contiguous(at::MemoryFormat::ChannelsLast));
    }
  }
  for (auto& segment : segments_) {
    const auto part = view(values_, segment);
    {
      const torch::NoGradGuard no_grad;
      part.copy_(segment.tensor);
    }
    segment.tensor.set_data(part);
    segment.tensor.mutable_grad() = view(gradient_, segment);
  }
  values_.set_requires_grad(true);
  values_.mutable_grad() = gradient_;
}

// Segments and vectors of their size.
void ParameterSpace::lay_out(std::vector<ParameterInfo> parameters) {
  std::vector<ParameterInfo> trained;
  for (auto& parameter : parameters) {
    (parameter.frozen ? frozen_ : trained).push_back(std::move(parameter));
  }
  int64_t size = 0;
  for (auto& parameter : in_order(std::move(trained))) {
    const int64_t end = size + parameter.tensor.numel();
    segments_.push_back({std::move(parameter), size, end});
    check_like(segments_.back(), segments_.front());
    size = (end + kSegmentAlignment - 1) / kSegmentAlignment * kSegmentAlignment;
  }
  const auto options = segments_.empty() ? torch::TensorOptions(torch::kFloat32)
                                         : segments_.front().tensor.options();
  values_ = torch::zeros({size}, options.requires_grad(false));
  gradient_ = torch::zeros_like(values_);
}

void ParameterSpace::find_parts() {
  std::string last;
  for (const auto& segment : segments_) {
    const auto part = segment.part();
    if (parts_.empty() || part != last) parts_.push_back({segment.begin, segment.end});
    parts_.back().end = segment.end;
    last = part;
  }
}

torch::Tensor ParameterSpace::view(const torch::Tensor& flat, const Segment& segment) const {
  return view_like(flat, segment.begin, segment.tensor, channels_last_);
}

std::vector<std::pair<std::string, torch::Tensor>> ParameterSpace::named(
    const torch::Tensor& flat) const {
  std::vector<std::pair<std::string, torch::Tensor>> tensors;
  for (const auto& segment : segments_) {
    tensors.emplace_back(segment.name, view(flat, segment));
    for (const auto& name : segment.other_names) tensors.emplace_back(name, view(flat, segment));
  }
  return tensors;
}

void ParameterSpace::zero_gradient() {
  gradient_.zero_();
  for (auto& segment : segments_) {
    if (!segment.tensor.grad().defined()) segment.tensor.mutable_grad() = view(gradient_, segment);
  }
  if (!values_.grad().defined()) values_.mutable_grad() = gradient_;
}

void ParameterSpace::check_segment(const Segment& segment) const {
  if (!segment.tensor.requires_grad()) {
    throw detached("parameter " + segment.name + " no longer requires a gradient",
                   "a plugin or hook froze it while weight decay and momentum go on moving it; "
                   "freeze it from the beginning, with train.parameters");
  }
  const bool in_values = is_view_of(segment.tensor, values_, segment.begin);
  const auto& gradient = segment.tensor.grad();
  if (in_values && (!gradient.defined() || is_view_of(gradient, gradient_, segment.begin))) return;
  throw detached((in_values ? "the gradient of parameter " : "parameter ") + segment.name +
                     " is no longer part of the vector that the optimiser works on",
                 "a plugin or hook replaced it (moved the model, called set_data, or walked a "
                 "graph backward with create_graph); write into the tensor that is there instead");
}

void ParameterSpace::check() const {
  for (const auto& segment : segments_) check_segment(segment);
  for (const auto& parameter : frozen_) {
    if (!parameter.tensor.requires_grad()) continue;
    throw detached("parameter " + parameter.name + " requires a gradient, but was frozen before",
                   "no optimiser knows it; leave it out of what train.parameters freezes");
  }
  if (values_.grad().defined() && !is_view_of(values_.grad(), gradient_, 0)) {
    throw detached("the gradient of the vector of all parameters was replaced",
                   "write into the tensor that is there instead");
  }
}

std::vector<ParameterInfo> ParameterSpace::parameters() const {
  std::vector<ParameterInfo> all(segments_.begin(), segments_.end());
  all.insert(all.end(), frozen_.begin(), frozen_.end());
  return all;
}

int64_t ParameterSpace::count() const {
  int64_t total = 0;
  for (const auto& segment : segments_) total += segment.end - segment.begin;
  return total;
}

std::vector<ParameterRange> ParameterSpace::ranges(
    const std::function<bool(const Segment&)>& wanted) const {
  std::vector<ParameterRange> found;
  bool joins = false;
  for (const auto& segment : segments_) {
    const bool is_wanted = wanted(segment);
    if (is_wanted && !joins) found.push_back({segment.begin, segment.end});
    if (is_wanted) found.back().end = segment.end;
    joins = is_wanted;
  }
  return found;
}

std::vector<ParameterRange> ParameterSpace::shared_by(const std::set<std::string>& routes) const {
  return ranges([&](const Segment& segment) { return segment.routes == routes; });
}

std::vector<ParameterRange> ParameterSpace::own(const std::string& route) const {
  return ranges([&](const Segment& segment) { return segment.owner == route; });
}

std::vector<ParameterRange> ParameterSpace::decoder(const std::string& objective) const {
  return ranges([&](const Segment& segment) { return segment.objectives.count(objective) > 0; });
}

std::set<std::set<std::string>> ParameterSpace::route_sets() const {
  std::set<std::set<std::string>> sets;
  for (const auto& segment : segments_) {
    if (!segment.routes.empty()) sets.insert(segment.routes);
  }
  return sets;
}

std::vector<ParameterGroup> ParameterSpace::groups() const {
  std::vector<ParameterGroup> groups;
  for (const auto& segment : segments_) {
    const bool same = !groups.empty() && groups.back().lr_multiplier == segment.lr_multiplier &&
                      groups.back().decay_multiplier == segment.decay_multiplier;
    if (same) continue;
    if (!groups.empty()) groups.back().range.end = segment.begin;
    groups.push_back({{segment.begin, 0}, segment.lr_multiplier, segment.decay_multiplier});
  }
  if (!groups.empty()) groups.back().range.end = values_.numel();
  return groups;
}

std::vector<ParameterRange> ParameterSpace::buckets(int64_t bytes) const {
  const int64_t most = bytes / int64_t(values_.element_size());
  std::vector<ParameterRange> buckets;
  int64_t end = values_.numel();
  for (auto segment = segments_.rbegin(); segment != segments_.rend(); ++segment) {
    const bool fits = !buckets.empty() && buckets.back().end - segment->begin <= most;
    if (!fits) buckets.push_back({segment->begin, end});
    buckets.back().begin = segment->begin;
    end = segment->begin;
  }
  return buckets;
}

torch::Tensor ParameterSpace::clip_gradient(double largest, Train::ClipPer per) {
  if (per == Train::ALL) return scale_down(gradient_, largest);
  std::vector<torch::Tensor> norms;
  for (const auto& part : parts_) {
    norms.push_back(scale_down(gradient_.slice(0, part.begin, part.end), largest));
  }
  return norms.empty() ? torch::zeros({}, gradient_.options()) : torch::stack(norms).norm();
}

torch::Tensor ParameterSpace::gradient_is_finite() const {
  if (gradient_.numel() == 0) return torch::ones({}, gradient_.options().dtype(torch::kBool));
  const auto [least, most] = torch::aminmax(gradient_);  // NaN is both where there is one
  return least.isfinite().logical_and(most.isfinite());
}

}  // namespace tasuki
