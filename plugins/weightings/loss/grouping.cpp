#include "plugins/weightings/loss/grouping.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>

namespace tasuki::weightings {
namespace {

// Of sorted numbers: [n, n], the squared distances of numbers i to j to their mean, infinite where
// i > j, and the means themselves.
struct Intervals {
  explicit Intervals(const torch::Tensor& sorted) {
    const int64_t n = sorted.size(0);
    const auto place = torch::arange(n, sorted.options());
    const auto length = place.unsqueeze(0) - place.unsqueeze(1) + 1;
    const auto empty = length < 1;
    // Numbers less the i-th, so that nothing cancels: [n, n], and sums from i to j along each row.
    const auto above = (sorted.unsqueeze(0) - sorted.unsqueeze(1)).masked_fill(empty, 0);
    const auto count = length.masked_fill(empty, 1);
    const auto shift = above.cumsum(1) / count;
    means = sorted.unsqueeze(1) + shift;
    costs = (above.square().cumsum(1) - count * shift.square())
                .clamp_min(0)
                .masked_fill(empty, INFINITY);
  }

  torch::Tensor costs, means;
};

}  // namespace

torch::Tensor group_means(const torch::Tensor& numbers, int64_t groups) {
  const int64_t n = numbers.size(0);
  groups = std::min(groups, n);
  const auto [sorted, order] = numbers.sort();
  const Intervals intervals(sorted);
  // best[j]: the least cost of numbers 0 to j in so many groups; first[k][j]: where the last
  // begins.
  auto best = intervals.costs[0];
  std::vector<torch::Tensor> first = {torch::zeros({n}, order.options())};
  for (int64_t k = 1; k < groups; ++k) {
    const auto before =
        torch::cat({torch::full({1}, INFINITY, best.options()), best.slice(0, 0, n - 1)});
    const auto [least, where] = (before.unsqueeze(1) + intervals.costs).min(0);
    best = least;
    first.push_back(where);
  }
  const auto place = torch::arange(n, order.options());
  auto result = torch::zeros_like(sorted);
  auto last = torch::full({1}, n - 1, order.options());
  for (int64_t k = groups - 1; k >= 0; --k) {
    const auto begin = first[size_t(k)].index_select(0, last.clamp_min(0));
    const auto mean =
        intervals.means.index_select(0, begin).squeeze(0).index_select(0, last.clamp_min(0));
    result = torch::where((place >= begin).logical_and(place <= last), mean, result);
    last = begin - 1;
  }
  return torch::zeros_like(result).index_copy(0, order, result);
}

}  // namespace tasuki::weightings
