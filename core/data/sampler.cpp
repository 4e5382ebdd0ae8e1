#include "tasuki/data/sampler.h"

#include <numeric>

namespace tasuki {
namespace {

// Keeps the draws of an epoch's order apart from those of its samples.
constexpr uint64_t kOrderPurpose = 0x6F72646572u;

}  // namespace

void shuffle_order(std::vector<size_t>& order, uint64_t seed, uint64_t epoch) {
  SeededDraws draws(mix_seeds({kOrderPurpose, seed, epoch}));
  for (size_t left = order.size(); left > 1; --left) {
    std::swap(order[left - 1], order[draws.below(left)]);
  }
}

std::vector<size_t> epoch_order(size_t n, bool shuffle, uint64_t seed, uint64_t epoch) {
  std::vector<size_t> order(n);
  std::iota(order.begin(), order.end(), size_t{0});
  if (shuffle) shuffle_order(order, seed, epoch);
  return order;
}

}  // namespace tasuki
