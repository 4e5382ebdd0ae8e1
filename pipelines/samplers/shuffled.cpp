#include <algorithm>
#include <numeric>

#include "pipelines/samplers/samplers.pb.h"
#include "tasuki/data/sampler.h"
#include "tasuki/registry/registry.h"

namespace tasuki::samplers {
namespace {

// Keeps these draws apart from others of the same seed and epoch.
constexpr uint64_t kWindowPurpose = 0x77696E646F77u;

class Sequential : public Sampler {
 public:
  Sequential(const options::SequentialSampler&, const Context& context) : size_(context.size()) {}

  size_t length() const override { return size_; }
  std::vector<size_t> order(uint64_t seed, uint64_t epoch) const override {
    return epoch_order(size_, false, seed, epoch);
  }

 private:
  size_t size_;
};

class Shuffled : public Sampler {
 public:
  Shuffled(const options::ShuffledSampler& options, const Context& context)
      : size_(context.size()),
        window_(options.has_window() ? options.window() : size_),
        files_(context.shards.empty() ? std::vector{size_} : context.shards) {}

  size_t length() const override { return size_; }
  std::vector<size_t> order(uint64_t seed, uint64_t epoch) const override {
    if (window_ >= size_) return epoch_order(size_, true, seed, epoch);
    SeededDraws draws(mix_seeds({kWindowPurpose, seed, epoch}));
    auto all = files_in_drawn_order(draws);
    // The first window is cut anywhere, so that others meet in one in each epoch.
    size_t end = 1 + draws.below(window_);
    for (size_t begin = 0; begin < size_; begin = end, end += window_) {
      shuffle(all, begin, std::min(end, size_), draws);
    }
    return all;
  }

 private:
  struct Run {
    size_t begin = 0, size = 0;
  };

  template <class Item>
  static void shuffle(std::vector<Item>& items, size_t begin, size_t end, SeededDraws& draws) {
    for (size_t left = end - begin; left > 1; --left) {
      std::swap(items[begin + left - 1], items[begin + draws.below(left)]);
    }
  }

  // A run in pieces of at most a window, as even as can be, which come in a drawn order, too:
  // neighbours would stay neighbours in files that are longer than a window.
  std::vector<Run> pieces_of(const Run& run, SeededDraws& draws) const {
    const size_t count = (run.size + window_ - 1) / window_;
    std::vector<Run> pieces;
    for (size_t i = 0; i < count; ++i) {
      const size_t begin = run.size * i / count, end = run.size * (i + 1) / count;
      pieces.push_back({run.begin + begin, end - begin});
    }
    shuffle(pieces, 0, pieces.size(), draws);
    return pieces;
  }

  std::vector<size_t> files_in_drawn_order(SeededDraws& draws) const {
    std::vector<Run> runs;
    size_t begin = 0;
    for (const size_t size : files_) {
      runs.push_back({begin, size});
      begin += size;
    }
    shuffle(runs, 0, runs.size(), draws);
    std::vector<size_t> all(size_);
    auto to = all.begin();
    for (const auto& run : runs) {
      for (const auto& piece : pieces_of(run, draws)) {
        std::iota(to, to + std::ptrdiff_t(piece.size), piece.begin);
        to += std::ptrdiff_t(piece.size);
      }
    }
    return all;
  }

  size_t size_;
  size_t window_;
  std::vector<size_t> files_;  // sizes, in index order
};

}  // namespace

TASUKI_REGISTER(Sampler, Shuffled, options::ShuffledSampler, "tasuki/ShuffledSampler");
TASUKI_REGISTER(Sampler, Sequential, options::SequentialSampler, "tasuki/SequentialSampler");

}  // namespace tasuki::samplers
