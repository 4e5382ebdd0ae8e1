#pragma once

#include <functional>

#include "tasuki/engine/split_use.h"
#include "tasuki/pack/pack.h"
#include "tasuki/pack/pack_writer.h"
#include "tasuki/pack/shard_writer.h"

namespace tasuki {

// The pack of data.pack. An Error located there where it can't be read, or is of another data set
// or other deterministic transforms than the config's; it says what differs and how to make one.
std::shared_ptr<const PackedDataset> open_pack(const ResolvedConfig& config);

// Samples on their way into a pack; refers to all of it.
struct PackJob {
  const ResolvedConfig& config;
  const std::shared_ptr<const Dataset>& dataset;  // as build_raw_dataset makes it
  std::vector<SplitUse> uses;
};
// Reads the first sample of every split, for the fields that may have names of classes.
PackContents pack_contents(const PackJob& job);
// Shards of at most `samples` samples each.
PackShards shards_of_samples(const PackContents& contents, size_t samples);
// Shards of about so many bytes, by what up to 16 samples of each list take, spread over it, which
// are read for that. At least one sample each.
PackShards shards_of_bytes(const PackJob& job, const PackContents& contents, size_t bytes);
// Puts all samples that the writer misses into it, on several threads, and finishes it. `on_sample`
// is called after each, by these threads. The first Error of a sample ends it; what is committed
// stays.
void write_pack(
    const PackJob& job, const PackContents& contents, PackWriter& writer, int threads,
    const std::function<void()>& on_sample = [] {});
// The same, shard by shard.
void write_pack(
    const PackJob& job, const PackContents& contents, ShardWriter& writer, int threads,
    const std::function<void()>& on_sample = [] {});

}  // namespace tasuki
