#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tasuki/data/dataset.h"
#include "tasuki/data/seeds.h"

namespace tasuki {

// Which samples an epoch of training has, in which order. A sample may come several times: each
// time the random transforms draw anew. Thread-safe and const: an epoch's order is a function of
// (seed, epoch), so that a run may begin anywhere.
//
//   class Backwards : public tasuki::Sampler {
//    public:
//     Backwards(const options::Backwards&, const Context& context) : size_(context.size()) {}
//     size_t length() const override { return size_; }
//     std::vector<size_t> order(uint64_t, uint64_t) const override {
//       std::vector<size_t> order(size_);
//       std::iota(order.rbegin(), order.rend(), 0);
//       return order;
//     }
//   };
//   TASUKI_REGISTER(tasuki::Sampler, Backwards, options::Backwards, "acme/Backwards");
class Sampler {
 public:
  static constexpr const char* kKind = "Sampler";

  // The split that is sampled from. The functions may be empty where a sampler asks for neither.
  struct Context {
    std::vector<DatasetPart> parts;  // in index order
    std::function<IdList()> ids;
    // A sample behind the training pipeline up to its first random transform: for statistics of
    // labels. It is read and decoded for that.
    std::function<Sample(size_t index)> load;
    // Sizes of the files that hold consecutive samples, in index order (Dataset::shards).
    std::vector<size_t> shards = {};

    size_t size() const {
      size_t sum = 0;
      for (const auto& part : parts) sum += part.size;
      return sum;
    }
  };

  virtual ~Sampler() = default;

  // Samples of an epoch, the same for every epoch.
  virtual size_t length() const = 0;
  // Their indices, length() of them, each below the split's size.
  virtual std::vector<size_t> order(uint64_t seed, uint64_t epoch) const = 0;
};

// Every sample once: 0..n-1, or a permutation drawn from (seed, epoch) by Fisher and Yates'
// shuffle, the same with every standard library.
std::vector<size_t> epoch_order(size_t n, bool shuffle, uint64_t seed, uint64_t epoch);

// Shuffles `order` in place by draws of (seed, epoch), as epoch_order does.
void shuffle_order(std::vector<size_t>& order, uint64_t seed, uint64_t epoch);

}  // namespace tasuki
