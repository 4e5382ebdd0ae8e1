#include "acme/edge_metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error/error.h"

namespace acme {

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

void EdgeMetrics::update(const torch::Tensor& prediction, const torch::Tensor& label) {
  const auto p = prediction.to(torch::kFloat).contiguous();
  const auto y = label.to(torch::kFloat).contiguous();
  const float* predicted = p.data_ptr<float>();
  const float* labelled = y.data_ptr<float>();
  EdgeCounts image;
  for (int64_t i = 0; i < p.numel(); ++i) {
    if (!std::isfinite(predicted[i])) {
      throw tasuki::Error(tasuki::ErrorKind::kData, "an edge's probability is not finite");
    }
    if (labelled[i] >= 0) image.add(predicted[i], labelled[i]);
  }
  split_.merge(image);
  const double best = image.best().f1;
  if (!std::isnan(best)) {
    sum_of_bests_ += best;
    ++images_;
  }
}

std::vector<tasuki::MetricValue> EdgeMetrics::values() const {
  const auto best = split_.best();
  const bool by_image = averaging_ == tasuki::IMAGE && images_ > 0;
  const double f1 = by_image ? sum_of_bests_ / static_cast<double>(images_) : best.f1;
  return {{{"f1", "", true, true}, f1},
          {{"threshold", "", true, false}, best.threshold},
          {{"precision", "", true, false}, best.precision},
          {{"recall", "", true, false}, best.recall}};
}

void EdgeMetrics::details(nlohmann::json& out) const {
  out["threshold_step"] = 0.01;
  out["tolerance_pixels"] = 0;
}

}  // namespace acme
