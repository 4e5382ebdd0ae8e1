#include "plugins/weightings/gradient_matrix.h"

#include <torch/torch.h>

#include <algorithm>

#include "core/registry/registry.h"

namespace tasuki::weightings {

GradientMatrix::GradientMatrix(const Weighting::Context& context,
                               options::GradientScope::Kind scope)
    : parameters_(context.parameters), shared_(ranges_of(context.shared)) {
  require_option(options::GradientScope::Kind_IsValid(scope), "scope",
                 "is none of SHARED, SHARED_AND_ROUTES");
  for (const auto& objective : context.objectives) routes_.push_back(objective.route);
  if (scope != options::GradientScope::SHARED_AND_ROUTES) return;
  for (const auto& [route, spans] : context.own) own_[route] = ranges_of(spans);
}

// Neighbours become one range: the filling between them is zero in every gradient.
std::vector<GradientMatrix::Range> GradientMatrix::ranges_of(
    const std::vector<FlatParameters::Span>& part) const {
  std::vector<Range> ranges;
  auto next = part.begin();
  bool joins = false;
  for (const auto& span : parameters_->spans()) {
    const bool wanted = next != part.end() && next->begin == span.begin;
    if (wanted && joins) ranges.back().end = span.end;
    if (wanted && !joins) ranges.push_back({span.begin, span.end});
    if (wanted) ++next;
    joins = wanted;
  }
  return ranges;
}

void GradientMatrix::add(std::vector<Group>& groups, const std::vector<Range>& ranges,
                         std::vector<size_t> members) const {
  int64_t size = 0;
  for (const auto& range : ranges) size += range.end - range.begin;
  if (size == 0 || members.size() < 2) return;
  const auto rows =
      torch::empty({int64_t(members.size()), size}, parameters_->gradient().options());
  groups.push_back({ranges, std::move(members), rows});
}

std::vector<GradientMatrix::Group> GradientMatrix::groups(const WeightingStep& step) const {
  std::vector<size_t> all;
  std::map<std::string, std::vector<size_t>> on_route;
  for (size_t i = 0; i < step.size(); ++i) {
    all.push_back(i);
    on_route[routes_.at(step.index[i])].push_back(i);
  }
  std::vector<Group> groups;
  add(groups, shared_, all);
  for (const auto& [route, ranges] : own_) add(groups, ranges, on_route[route]);
  return groups;
}

// Takes what the objective's backward pass left, and makes room for the next one's.
void GradientMatrix::collect(Group& group, size_t objective) const {
  const auto found = std::find(group.members.begin(), group.members.end(), objective);
  if (found == group.members.end()) return;
  const auto row = group.rows[found - group.members.begin()];
  const bool last = found + 1 == group.members.end();
  int64_t from = 0;
  for (const auto& range : group.ranges) {
    const auto gradient = parameters_->gradient().slice(0, range.begin, range.end);
    row.narrow(0, from, gradient.numel()).copy_(gradient);
    if (!last) gradient.zero_();
    from += gradient.numel();
  }
}

void GradientMatrix::write(const Group& group, const Combine& combine) const {
  const auto& gradient = parameters_->gradient();
  if (group.ranges.size() == 1) {
    combine(group.rows, gradient.slice(0, group.ranges[0].begin, group.ranges[0].end));
    return;
  }
  const auto combined = torch::empty({group.rows.size(1)}, gradient.options());
  combine(group.rows, combined);
  int64_t from = 0;
  for (const auto& range : group.ranges) {
    const int64_t size = range.end - range.begin;
    gradient.slice(0, range.begin, range.end).copy_(combined.narrow(0, from, size));
    from += size;
  }
}

std::vector<double> GradientMatrix::backward(WeightingStep& step, const Combine& combine) const {
  const auto factors = step.factors(torch::ones({int64_t(step.size())}));
  auto groups = this->groups(step);
  if (groups.empty()) {
    step.backward(weighted_sum(step.losses, factors), false);
    return to_vector(factors);
  }
  for (size_t i = 0; i < step.size(); ++i) {
    const auto loss = weighted_sum({step.losses[i]}, factors.narrow(0, int64_t(i), 1));
    step.backward(loss, i + 1 < step.size());
    for (auto& group : groups) collect(group, i);
  }
  for (const auto& group : groups) write(group, combine);
  return to_vector(factors);
}

torch::Tensor gram_matrix(const torch::Tensor& rows) {
  const int64_t n = rows.size(0);
  auto gram = torch::zeros({n, n}, rows.options().dtype(torch::kFloat64));
  for_each_block(rows.size(1), [&](int64_t begin, int64_t end) {
    const auto block = rows.slice(1, begin, end).to(torch::kFloat64);
    gram.addmm_(block, block.t());
  });
  return gram.to(torch::kCPU).contiguous();
}

void for_each_block(int64_t size, const std::function<void(int64_t begin, int64_t end)>& work) {
  constexpr int64_t kBlock = int64_t{1} << 18;
  for (int64_t begin = 0; begin < size; begin += kBlock) {
    work(begin, std::min(begin + kBlock, size));
  }
}

void weigh_rows(const torch::Tensor& rows, const std::vector<double>& weights, torch::Tensor out) {
  at::mv_out(out, rows.t(), torch::tensor(weights, torch::kFloat64).to(rows.options()));
}

}  // namespace tasuki::weightings
