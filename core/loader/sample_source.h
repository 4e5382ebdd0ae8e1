#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tasuki/loader/sources.h"

namespace tasuki {

// A data set's split behind a pipeline, composed of the sources of core/loader/sources.h: what the
// pipeline's deterministic prefix makes is kept in memory within a budget, so that files are read
// and decoded once; the random rest runs anew on each get. Thread-safe.
class SampleSource : public Source {
 public:
  using LabelCheck = tasuki::LabelCheck;
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
    // After each get, check by its checksum that no transform wrote into the kept sample: Error
    // (kPlugin). Costs a pass over its pixels; builds with assertions always do it.
    bool verify_cache = false;
  };

  SampleSource(std::shared_ptr<const Dataset> dataset, std::string split, Pipeline pipeline,
               Options options);

  size_t size() const override { return size_; }
  const std::string& split() const { return split_.name; }
  const std::vector<std::string>& fields() const { return options_.fields; }
  // The sample after the whole pipeline. Its pixels may be the cache's own: read them only.
  // Whatever load or a transform throws comes out as an Error that names the sample, the split, the
  // index and the file where known: Errors keep their kind, OpenCV's become kData, others kRun. So
  // does a label that a check refuses (kData).
  Sample get(const SampleDraw& draw) const override;
  Sample get(uint64_t epoch, size_t index) const { return get(SampleDraw{epoch, index}); }

  // The two halves of get, without the cache, for who looks in between: the sample after the
  // deterministic prefix, and what the random rest makes of it.
  Sample prepared(size_t index) const;
  Sample finished(Sample prepared, uint64_t epoch, size_t index) const;

  using CacheState = SampleCache::State;
  CacheState cache_state() const { return cached_->state(); }

 private:
  Options options_;
  SourceSplit split_;
  size_t size_ = 0;
  // From the files outwards.
  std::shared_ptr<const Source> prepared_;
  std::shared_ptr<const CachedSource> cached_;
  std::shared_ptr<const TransformedSource> finished_;
  std::shared_ptr<const Source> all_;
};

}  // namespace tasuki
