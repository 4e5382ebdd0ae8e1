#pragma once

#include <cstdint>
#include <vector>

#include "tasuki/loader/source.h"

namespace tasuki {

// The draws of an epoch in order: 4 bytes a draw, and 4 more where a sampler draws a sample twice.
class EpochDraws {
 public:
  EpochDraws() = default;
  // `indices`, each below `samples`, which is at most most_samples().
  EpochDraws(uint64_t epoch, const std::vector<size_t>& indices, size_t samples);
  static constexpr size_t most_samples() { return size_t{1} << 32; }

  uint64_t epoch() const { return epoch_; }
  size_t size() const { return indices_.size(); }
  bool empty() const { return indices_.empty(); }
  // The draws [first, last).
  std::vector<SampleDraw> part(size_t first, size_t last) const;

 private:
  uint64_t epoch_ = 0;
  std::vector<uint32_t> indices_;
  std::vector<uint32_t> repeats_;  // empty where no sample comes twice
};

}  // namespace tasuki
