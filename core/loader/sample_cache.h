#pragma once

#include <memory>
#include <mutex>
#include <unordered_map>

#include "tasuki/data/sample.h"
#include "tasuki/loader/cache_budget.h"

namespace tasuki {

// Samples by index, kept in memory within a budget: first come, first kept, nothing is thrown out
// (an epoch asks for every sample once, so throwing out the oldest would lose every hit).
// Thread-safe. What is kept is never changed or moved, so pointers to it stay good.
class SampleCache {
 public:
  struct State {
    size_t samples = 0;
    size_t bytes = 0;
    size_t hits = 0;
    size_t misses = 0;
  };

  // Without a budget nothing is kept.
  explicit SampleCache(std::shared_ptr<CacheBudget> budget) : budget_(std::move(budget)) {}

  // The kept sample or nullptr; counts a hit or a miss.
  const Sample* find(size_t index);
  // Keeps a deep copy where the budget allows: a Mat may be a crop that holds a far larger buffer,
  // or lie in memory that is another's.
  void keep(size_t index, const Sample& sample);
  // False when somebody wrote into the kept sample's pixels. Reads all of them.
  bool unchanged(size_t index);
  State state() const;

 private:
  struct Entry {
    std::unique_ptr<const Sample> sample;
    uint64_t checksum = 0;
    CacheBudget::Share memory;
  };

  mutable std::mutex mutex_;  // held for a look-up or a store, never for a copy of pixels
  std::unordered_map<size_t, Entry> entries_;  // of what is kept: a split may have 10^7
  const std::shared_ptr<CacheBudget> budget_;
  State state_;
};

// What a deep copy of a sample takes, with its names and book-keeping.
size_t memory_bytes(const Sample& sample);

}  // namespace tasuki
