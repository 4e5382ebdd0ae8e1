#include "acme/edge_counts.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "tasuki/error/error.h"

namespace acme {

std::vector<tasuki::MetricInfo> EdgeCounts::infos() {
  return {{"f1", "", true, true},
          {"threshold", "", true, false},
          {"precision", "", true, false},
          {"recall", "", true, false}};
}

void EdgeCounts::add(float prediction, float label) {
  const int bin = std::clamp(static_cast<int>(prediction * kSteps), 0, kSteps);
  ++(label >= 0.5f ? edges_ : others_)[static_cast<size_t>(bin)];
}

void EdgeCounts::merge(const EdgeCounts& other) {
  for (size_t bin = 0; bin < edges_.size(); ++bin) {
    edges_[bin] += other.edges_[bin];
    others_[bin] += other.others_[bin];
  }
}

EdgeCounts::Best EdgeCounts::best() const {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  Best best{kNone, kNone, kNone, kNone};
  int64_t all_edges = 0, hits = 0, false_alarms = 0;
  for (const int64_t count : edges_) all_edges += count;
  hits = edges_[kSteps];
  false_alarms = others_[kSteps];
  // From the strictest threshold down, each adding one bin to what is called an edge.
  for (size_t bin = kSteps - 1; bin > 0; --bin) {
    hits += edges_[bin];
    false_alarms += others_[bin];
    const auto found = static_cast<double>(hits + false_alarms);
    if (found + static_cast<double>(all_edges) == 0) continue;
    const double f1 = 2 * static_cast<double>(hits) / (found + static_cast<double>(all_edges));
    if (f1 < best.f1) continue;
    best = {static_cast<double>(bin) / kSteps, found > 0 ? static_cast<double>(hits) / found : 0,
            all_edges > 0 ? static_cast<double>(hits) / static_cast<double>(all_edges) : 0, f1};
  }
  return best;
}

void EdgeCounts::add(const torch::Tensor& prediction, const torch::Tensor& label) {
  const auto p = prediction.to(torch::kFloat).contiguous();
  const auto y = label.to(torch::kFloat).contiguous();
  const float* predicted = p.data_ptr<float>();
  const float* labelled = y.data_ptr<float>();
  for (int64_t i = 0; i < p.numel(); ++i) {
    if (!std::isfinite(predicted[i])) {
      throw tasuki::Error(tasuki::ErrorKind::kData, "an edge's probability is not finite");
    }
    if (labelled[i] >= 0) add(predicted[i], labelled[i]);
  }
}

int64_t EdgeCounts::pixels() const {
  const auto sum = [](const auto& counts) {
    return std::accumulate(counts.begin(), counts.end(), int64_t{0});
  };
  return sum(edges_) + sum(others_);
}

std::vector<double> EdgeCounts::values() const {
  const auto at_best = best();
  return {at_best.f1, at_best.threshold, at_best.precision, at_best.recall};
}

void EdgeCounts::describe(nlohmann::json& out) const {
  out["threshold_step"] = 0.01;
  out["tolerance_pixels"] = 0;
}

}  // namespace acme
