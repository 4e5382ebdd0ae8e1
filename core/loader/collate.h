#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tasuki/loader/batch.h"
#include "tasuki/loader/block_pool.h"

namespace tasuki {

// Where the tensors of a batch lie.
struct BatchMemory {
  bool pinned = false;              // for copies to a GPU, where there is one
  bool channels_last = true;        // NHWC, else NCHW
  std::shared_ptr<BlockPool> pool;  // of memory that is not pinned; nullptr: LibTorch's own
};

// A batch in the making.
class BatchBuilder {
 public:
  virtual ~BatchBuilder() = default;

  // Takes the sample of this index in its split for position `position` of the batch; every
  // position once, by several threads at once and in any order. The pixels may be a cache's: they
  // are not changed. Error (kData) for a sample that can't be in a batch.
  virtual void put(size_t position, const Sample& sample, size_t index) = 0;
  // The batch, once every position was put without an Error. Error (kData) for samples that can't
  // be together, naming two of them: the same two whatever the order was.
  virtual Batch finish() = 0;
};

// Samples -> batch. Thread-safe and const.
class Collate {
 public:
  static constexpr const char* kKind = "Collate";
  struct Context {};

  virtual ~Collate() = default;

  // A builder of a batch of `size` samples, of which it takes `fields` alone.
  virtual std::unique_ptr<BatchBuilder> begin(size_t size, const std::vector<std::string>& fields,
                                              const BatchMemory& memory) const = 0;
};

// Samples of one size, stacked: each is written where it belongs as soon as it is there.
class Stack : public Collate {
 public:
  std::unique_ptr<BatchBuilder> begin(size_t size, const std::vector<std::string>& fields,
                                      const BatchMemory& memory) const override;
};

// Base of those that look at all samples of a batch before they write any.
class WholeCollate : public Collate {
 public:
  std::unique_ptr<BatchBuilder> begin(size_t size, const std::vector<std::string>& fields,
                                      const BatchMemory& memory) const final;

  // Makes the samples alike, so that they can be stacked; each has all of `fields`, of one size. It
  // replaces a field's Mat, and never writes into one. Called by a worker.
  virtual void align(std::vector<Sample>& samples,
                     const std::vector<std::string>& fields) const = 0;
};

}  // namespace tasuki
