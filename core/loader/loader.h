#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "tasuki/data/sampler.h"
#include "tasuki/loader/batch_transform.h"
#include "tasuki/loader/collate.h"
#include "tasuki/loader/sample_source.h"

namespace tasuki {

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
    size_t batch_size = 4;  // of all processes together
    // Which of how many processes gets its part of each batch here: consecutive samples, as many as
    // the others get, in the last batch of an epoch up to one more or less. The batches of all
    // together are those of a single process, sample by sample.
    size_t process = 0;
    size_t processes = 1;
    size_t workers = 2;   // 0: batches are made by next()
    size_t prefetch = 2;  // batches that may wait, at least 1 with workers
    bool drop_last = false;
    // Which samples an epoch has, in which order; nullptr: each once, permuted by (seed, epoch)
    // where `shuffle` is set.
    std::shared_ptr<const Sampler> sampler = nullptr;
    bool shuffle = false;
    uint64_t seed = 0;
    bool pinned = false;
    bool channels_last = true;  // memory of the batches' tensors: NHWC, else NCHW
    // How samples become a batch; nullptr: stacked.
    std::shared_ptr<const Collate> collate = nullptr;
    // What becomes of each batch, in order.
    std::vector<std::shared_ptr<const BatchTransform>> transforms = {};
  };

  // `source` must outlive the loader. Error (kUsage) for a batch of no samples, for workers
  // without prefetch, and for a process that is none of the processes.
  Loader(const SampleSource& source, Options options);
  ~Loader();

  // Batches an epoch has.
  size_t batches() const;
  // Begins an epoch at one of its batches; whatever is left of the last one is dropped. No sample
  // before that batch is read, and the batches are those that a whole epoch has from there on.
  // Error (kUsage) for a batch beyond the epoch's.
  void start(uint64_t epoch, size_t first_batch = 0);
  // The next batch, or nothing at the end of the epoch and before the first start().
  std::optional<Batch> next();
  // Seconds that next() waited for workers since start(), or made batches itself.
  double waited() const;

 private:
  class Job;
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace tasuki
