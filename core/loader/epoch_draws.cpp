#include "tasuki/loader/epoch_draws.h"

namespace tasuki {
namespace {

bool has_repeats(const std::vector<size_t>& indices, size_t samples) {
  std::vector<bool> seen(samples);
  for (const size_t index : indices) {
    if (seen[index]) return true;
    seen[index] = true;
  }
  return false;
}

}  // namespace

EpochDraws::EpochDraws(uint64_t epoch, const std::vector<size_t>& indices, size_t samples)
    : epoch_(epoch), indices_(indices.begin(), indices.end()) {
  if (!has_repeats(indices, samples)) return;
  std::vector<uint32_t> times(samples);
  repeats_.reserve(indices.size());
  for (const size_t index : indices) repeats_.push_back(times[index]++);
}

std::vector<SampleDraw> EpochDraws::part(size_t first, size_t last) const {
  std::vector<SampleDraw> draws;
  for (size_t i = first; i < last; ++i) {
    draws.push_back({epoch_, indices_[i], repeats_.empty() ? 0 : repeats_[i]});
  }
  return draws;
}

}  // namespace tasuki
