#pragma once

#include <algorithm>
#include <vector>

#include "tasuki/data/seeds.h"

namespace tasuki::samplers {

// Weights of 0 or more that indices are drawn by.
class CumulativeWeights {
 public:
  void add(double weight) { sums_.push_back(total() + weight); }
  double total() const { return sums_.empty() ? 0 : sums_.back(); }
  // An index in proportion to its weight: the first whose sum is above, so that one of weight 0
  // never is. total() > 0.
  size_t draw(SeededDraws& draws) const {
    const double at = draws.uniform() * total();
    return size_t(std::upper_bound(sums_.begin(), sums_.end(), at) - sums_.begin());
  }

 private:
  std::vector<double> sums_;
};

}  // namespace tasuki::samplers
