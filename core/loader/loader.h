#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/data/dataset.h"
#include "core/data/transform.h"
#include "core/loader/batch.h"
#include "core/loader/cache_budget.h"

namespace tasuki {

// How many transforms stand before the first random one: the pipeline's deterministic prefix.
size_t deterministic_prefix(const std::vector<std::unique_ptr<Transform>>& pipeline);

// A data set's split behind a pipeline: sample by (epoch, index). Thread-safe. What the pipeline's
// deterministic prefix makes is kept in memory within a budget, so that files are read and decoded
// once; the random rest runs anew on each get.
class SampleSource {
 public:
  // Of one field of a kind, for one who uses it ("task seg"): what is wrong with which value at
  // which pixel, or "". Called by several threads at once.
  struct LabelCheck {
    std::string field;
    const FieldKind* kind = nullptr;
    std::string user;
    std::function<std::string(const cv::Mat& label)> error;
  };
  struct Options {
    uint64_t seed = 0;
    // Memory for samples after the deterministic prefix, which other sources may share; none is
    // kept without it.
    std::shared_ptr<CacheBudget> cache;
    // Fields that somebody asks for ("image" and labels). Others are dropped before they cost
    // anything, after the deterministic prefix: a transform that derives a field from another that
    // nobody asks for has to stand before the first random one. The image always stays.
    std::vector<std::string> fields;
    bool all_fields = false;  // drop none: for checks that name what is there
    // What get() holds labels to behind the whole pipeline, where transforms can't spoil them any
    // more: whoever takes a batch may index by them.
    std::vector<LabelCheck> label_checks;
    // After each get from the cache, check by its checksum that no transform wrote into the kept
    // sample: Error (kPlugin). Costs a pass over its pixels; builds with assertions always do it.
    bool verify_cache = false;
  };

  SampleSource(std::shared_ptr<const Dataset> dataset, std::string split,
               std::vector<std::unique_ptr<Transform>> pipeline, Options options);
  ~SampleSource();

  size_t size() const;
  const std::string& split() const;
  const std::vector<std::string>& fields() const;
  // The sample after the whole pipeline; its generator is seeded by (seed, epoch, index). Its
  // pixels may be the cache's own: read them only. Whatever load or a transform throws comes out as
  // an Error that names the sample, the split, the index and the file where known: Errors keep
  // their kind, OpenCV's become kData, others kRun. So does a label that a check refuses (kData).
  Sample get(uint64_t epoch, size_t index) const;

  // The two halves of get, without the cache, for who looks in between: the sample after the
  // deterministic prefix, and what the random rest makes of it.
  Sample prepared(size_t index) const;
  Sample finished(Sample prepared, uint64_t epoch, size_t index) const;

  struct CacheState {
    size_t samples = 0;
    size_t bytes = 0;
    size_t hits = 0;
    size_t misses = 0;
  };
  CacheState cache_state() const;

 private:
  class Job;
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

// Batches of one epoch in order, made ahead by worker threads that live as long as the loader. The
// workers share out samples, not batches, and write them into the batch's tensors side by side: two
// workers are of use even to a batch of two. The batches are bit-identical for any number of
// workers. An Error is thrown by the next() that would have returned its batch (that of the first
// bad sample in it); the next() after that goes on behind it. Destroying a loader half way stops
// its workers. start() and next() belong to one thread.
//
// The workers are the parallelism: a program that sets off several switches OpenCV's own threads
// off (cv::setNumThreads(1)), as train() does while it runs, because teams of both would fight for
// the processors.
class Loader {
 public:
  struct Options {
    size_t batch_size = 4;
    size_t workers = 2;   // 0: batches are made by next()
    size_t prefetch = 2;  // batches that may wait, at least 1 with workers
    bool drop_last = false;
    bool shuffle = false;  // a permutation by (seed, epoch)
    uint64_t seed = 0;
    bool pinned = false;
    bool channels_last = true;  // memory of the batches' tensors: NHWC, else NCHW
  };

  // `source` must outlive the loader. Error (kUsage) for a batch of no samples, or for workers
  // without prefetch.
  Loader(const SampleSource& source, Options options);
  ~Loader();

  // Batches an epoch has.
  size_t batches() const;
  // Begins an epoch; whatever is left of the last one is dropped.
  void start(uint64_t epoch);
  // The next batch, or nothing at the end of the epoch and before the first start().
  std::optional<Batch> next();
  // Seconds that next() waited for workers since start(), or made batches itself.
  double waited() const;

 private:
  class Job;
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

// Order of an epoch's samples: 0..n-1, or a permutation drawn from (seed, epoch) by Fisher and
// Yates' shuffle with SplitMix64, the same with every standard library.
std::vector<size_t> epoch_order(size_t n, bool shuffle, uint64_t seed, uint64_t epoch);

// One 64-bit seed out of several numbers (SplitMix64 over each), for generators that must differ.
uint64_t mix_seeds(std::initializer_list<uint64_t> parts);

}  // namespace tasuki
