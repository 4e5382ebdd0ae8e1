#include "tasuki/step/gradient_rows.h"

#include <torch/torch.h>

#include <algorithm>
#include <limits>

namespace tasuki {
namespace {

using Options = options::GradientOptions;

constexpr bool kNoWait = true;  // of copies from the host

void check(const Options& options, const Weighting::Context& context, bool has_weights) {
  require_option(has_weights || options.decoders() == Options::PLAIN, "gradients.decoders",
                 "WEIGHTED needs a weight for each objective, and this method has none; choose "
                 "PLAIN");
  require_option(has_weights || options.every() == 1, "gradients.every",
                 "a method without weights has none to keep; leave it at 1");
  require_option(has_weights || options.smoothing() == 0, "gradients.smoothing",
                 "a method without weights has none to smooth; leave it at 0");
  if (options.at() != Options::FEATURES) return;
  require_option(options.rows() == Options::FULL, "gradients.rows",
                 "BF16 is for gradients on parameters, at: FEATURES keeps none of these; leave it");
  require_option(options.scope() == Options::SHARED, "gradients.at",
                 "FEATURES are those where the routes part: a route's own part has none; choose "
                 "scope: SHARED, or at: PARAMETERS");
  require_option(context.has_cut, "gradients.at",
                 "the architecture names no features at which its routes part, or a decoder mixes "
                 "them behind; choose PARAMETERS");
}

// The derivatives of log L_i. A loss that has no logarithm makes the step not finite.
torch::Tensor log_factors(const torch::Tensor& losses) {
  return torch::where(losses > 0, losses.reciprocal(),
                      torch::full_like(losses, std::numeric_limits<double>::quiet_NaN()));
}

}  // namespace

GradientRows::GradientRows(const Weighting::Context& context, const Options& options,
                           bool has_weights)
    : options_(options),
      has_cut_(context.has_cut),
      parameters_(context.parameters),
      objectives_(context.objectives) {
  check(options, context, has_weights);
  shared_ = context.part(context.shared);
  for (const auto& [route, spans] : context.own) own_[route] = context.part(spans);
  for (const auto& [name, spans] : context.decoders) decoders_[name] = context.part(spans);
}

void GradientRows::add(const ParameterPart& part, const std::string& name,
                       std::vector<size_t> members) {
  if (part.empty() || members.size() < 2) return;
  auto type = parameters_->gradient().options();
  if (options_.rows() == Options::BF16) type = type.dtype(torch::kBFloat16);
  const auto rows = torch::empty({int64_t(members.size()), part.size()}, type);
  groups_.push_back({&part, name, std::move(members), rows});
}

void GradientRows::make_groups(StepContext& step) {
  std::vector<size_t> all;
  std::map<std::string, std::vector<size_t>> on_route;
  for (size_t i = 0; i < step.size(); ++i) {
    all.push_back(i);
    on_route[objectives_.at(step.index[i]).route].push_back(i);
  }
  if (!features_) add(shared_, "shared", all);
  const bool weighs = weighs_decoders() && all.size() > 1 && !shared_.empty();
  if (!combines_routes() && !weighs) return;
  for (const auto& [route, part] : own_) add(part, route, on_route[route]);
}

// Takes what the objective's backward pass left, and makes room for the next one's.
void GradientRows::collect(Group& group, size_t objective) const {
  const auto found = std::find(group.members.begin(), group.members.end(), objective);
  if (found == group.members.end()) return;
  const auto& gradient = parameters_->gradient();
  group.part->gather(gradient, group.rows[found - group.members.begin()]);
  if (found + 1 != group.members.end()) group.part->zero(gradient);
}

void GradientRows::backward(StepContext& step, bool linear) {
  factors_ = step.factors(torch::ones_like(step.coefficients));
  if (options_.log_losses()) factors_ = factors_ * log_factors(step.loss_values());
  groups_.clear();
  features_.reset();
  if (at_features() || (linear && has_cut_)) features_.emplace(step.trace->cut);
  make_groups(step);
  if (groups_.empty() && !needs_cut()) {
    step.backward(weighted_sum(step.losses, factors_), false);
    return;
  }
  for (size_t i = 0; i < step.size(); ++i) {
    const bool keep_graph = i + 1 < step.size();
    const auto loss = weighted_sum({step.losses[i]}, factors_.narrow(0, int64_t(i), 1));
    step.backward(loss, keep_graph);
    if (features_) {
      features_->add();
    } else if (needs_cut()) {
      step.trace->cut.backward(step.trace->cut.take_gradients(), keep_graph);
    }
    for (auto& group : groups_) collect(group, i);
  }
}

// Not the parts whose gradient is yet to come, made of rows or of features.
std::vector<ParameterRange> GradientRows::final_ranges() const {
  std::vector<ParameterRange> others;
  const auto leave_out = [&](const ParameterPart& part) {
    for (const auto& range : part.ranges()) others.push_back({range.begin, range.end});
  };
  for (const auto& group : groups_) leave_out(*group.part);
  if (features_) leave_out(shared_);
  std::sort(others.begin(), others.end(),
            [](const auto& a, const auto& b) { return a.begin < b.begin; });
  std::vector<ParameterRange> ranges;
  int64_t end = 0;
  others.push_back({parameters_->gradient().numel(), parameters_->gradient().numel()});
  for (const auto& other : others) {
    if (other.begin > end) ranges.push_back({end, other.begin});
    end = std::max(end, other.end);
  }
  return ranges;
}

void GradientRows::reduce(StepContext& step) {
  if (step.collective->size() == 1) return;
  for (const auto& range : final_ranges()) {
    step.collective->mean(parameters_->gradient().slice(0, range.begin, range.end));
  }
  for (auto& group : groups_) step.collective->mean(group.rows);
}

RowGroup GradientRows::describe(const StepContext& step, const std::string& name,
                                const std::vector<size_t>& members) const {
  RowGroup group{name, {}, step.loss_values(), step.epoch, step.step};
  std::vector<int64_t> rows;
  for (const size_t i : members) {
    group.objectives.push_back(step.index[i]);
    rows.push_back(int64_t(i));
  }
  if (rows.size() == step.size()) return group;
  const auto index = torch::tensor(rows, torch::kInt64).to(group.losses.device(), kNoWait);
  group.losses = group.losses.index_select(0, index);
  return group;
}

torch::Tensor GradientRows::combine_parameters(StepContext& step, Group& group,
                                               const Combine& combine) const {
  const auto& gradient = parameters_->gradient();
  const auto described = describe(step, group.name, group.members);
  const auto& ranges = group.part->ranges();
  if (ranges.size() == 1) {
    return combine(group.rows, described, gradient.slice(0, ranges[0].begin, ranges[0].end));
  }
  const auto combined = torch::empty({group.rows.size(1)}, gradient.options());
  const auto weights = combine(group.rows, described, combined);
  group.part->scatter(combined, gradient);
  return weights;
}

// Gradients of a process are those of its own images, so that there are no rows to sum: the inner
// products are summed, and the parameters' gradient afterwards.
torch::Tensor GradientRows::combine_features(StepContext& step, const Combine& combine) {
  const auto rows = features_->matrix();
  auto combined = rows[0];
  torch::Tensor weights;
  if (step.size() > 1 && rows.size(1) > 0) {
    std::vector<size_t> all(step.size());
    for (size_t i = 0; i < all.size(); ++i) all[i] = i;
    combined = torch::empty({rows.size(1)}, rows.options());
    weights = combine(rows, describe(step, "shared", all), combined);
  }
  features_->backward(combined);
  features_.reset();
  if (step.collective->size() > 1) {
    auto shared = shared_.gather(parameters_->gradient());
    step.collective->mean(shared);
    shared_.scatter(shared, parameters_->gradient());
  }
  return weights;
}

void GradientRows::combine(StepContext& step, const Combine& combine) {
  torch::Tensor weights;
  if (features_) weights = combine_features(step, combine);
  for (auto& group : groups_) {
    const bool is_shared = group.part == &shared_;
    if (is_shared) weights = combine_parameters(step, group, combine);
    if (!is_shared && combines_routes()) combine_parameters(step, group, combine);
  }
  step.applied = factors_;
  if (weighs_decoders() && weights.defined()) {
    weigh_outside(step, to_vector(weights));
    step.applied = factors_ * weights.to(factors_.device(), kNoWait);
  }
  if (options_.has_max_norm()) limit_norm();
  groups_.clear();
}

// As clip_grad_norm_ of PyTorch does it, without waiting for the norm.
void GradientRows::limit_norm() const {
  const auto& gradient = parameters_->gradient();
  auto squares = torch::zeros({}, gradient.options().dtype(torch::kFloat64));
  for (const auto& [begin, end] : shared_.ranges()) {
    squares += gradient.slice(0, begin, end).norm().to(torch::kFloat64).square();
  }
  const auto factor =
      (options_.max_norm() / squares.sqrt()).clamp_max(1).to(gradient.scalar_type());
  for (const auto& [begin, end] : shared_.ranges()) gradient.slice(0, begin, end).mul_(factor);
}

void GradientRows::weigh_outside(const StepContext& step, const std::vector<double>& weights) {
  std::map<std::string, std::vector<size_t>> on_route;
  for (size_t i = 0; i < step.size(); ++i) {
    const auto& objective = objectives_[step.index[i]];
    on_route[objective.route].push_back(i);
    const auto decoder = decoders_.find(objective.name);
    if (decoder != decoders_.end()) decoder->second.scale(parameters_->gradient(), weights[i]);
  }
  if (combines_routes()) return;
  for (const auto& [route, members] : on_route) weigh_route(route, members, weights);
}

// The own part of a route, by the weights of the objectives that run on it.
void GradientRows::weigh_route(const std::string& route, const std::vector<size_t>& members,
                               const std::vector<double>& weights) {
  const auto own = own_.find(route);
  if (own == own_.end()) return;
  if (members.size() == 1) {
    own->second.scale(parameters_->gradient(), weights[members[0]]);
    return;
  }
  for (const auto& group : groups_) {
    if (group.part != &own->second) continue;
    std::vector<double> theirs;
    for (const size_t i : members) theirs.push_back(weights[i]);
    const auto combined = torch::empty({group.rows.size(1)}, parameters_->gradient().options());
    weigh_rows(group.rows, torch::tensor(theirs, torch::kFloat64), combined);
    group.part->scatter(combined, parameters_->gradient());
  }
}

torch::Tensor gram_matrix(const torch::Tensor& rows) {
  const int64_t n = rows.size(0);
  auto gram = torch::zeros({n, n}, rows.options().dtype(torch::kFloat64));
  for_each_block(rows.size(1), [&](int64_t begin, int64_t end) {
    const auto block = rows.slice(1, begin, end).to(torch::kFloat64);
    gram.addmm_(block, block.t());
  });
  return gram;
}

void for_each_block(int64_t size, const std::function<void(int64_t begin, int64_t end)>& work) {
  constexpr int64_t kBlock = int64_t{1} << 18;
  for (int64_t begin = 0; begin < size; begin += kBlock) {
    work(begin, std::min(begin + kBlock, size));
  }
}

void weigh_rows(const torch::Tensor& rows, const torch::Tensor& weights, torch::Tensor out) {
  const auto theirs = weights.to(out.options(), kNoWait);
  if (rows.scalar_type() == out.scalar_type()) {
    at::mv_out(out, rows.t(), theirs);
    return;
  }
  for_each_block(rows.size(1), [&](int64_t begin, int64_t end) {
    auto block = out.slice(0, begin, end);
    at::mv_out(block, rows.slice(1, begin, end).to(out.scalar_type()).t(), theirs);
  });
}

}  // namespace tasuki
