#pragma once

#include <memory>

#include "tasuki/pack/pack_index.h"
#include "tasuki/pack/pack_writer.h"

namespace tasuki {

// A pack in shards in the making, a shard after the other. What is committed survives the end of
// the process at any time: the next writer of the same contents goes on in the shard that was being
// written. A shard that is complete is not looked at again, and may lie on another disk, with a
// link in its place.
class ShardWriter {
 public:
  // Error (kUsage) where the folder has another pack, or the beginning of one, and where another
  // process is writing it; Error (kData) where something else has the name of a file of it. Where
  // shards are there already, their number stays, whatever `plan` says; Error (kUsage) for an empty
  // plan where none are.
  ShardWriter(std::filesystem::path folder, PackContents contents, const PackShards& plan);

  size_t shards() const { return size_t(index_.shards.shard_size()); }
  // Samples of the whole pack, and those that no shard has yet.
  size_t samples() const { return index_.contents.samples(); }
  size_t missing() const;
  // Where the samples of a shard come from.
  const PackShards::Shard& shard(size_t number) const { return index_.shards.shard(int(number)); }
  // The writer of a shard: its samples are of list 0, from index 0 on. nullptr for one that is
  // complete.
  std::unique_ptr<PackWriter> open(size_t number);
  // When all is put: ends the shard.
  void finish(size_t number, PackWriter& shard);
  // When all shards are complete: the pack is.
  void finish();

 private:
  PackIndex begin(PackContents contents, const PackShards& plan);
  void take_complete(size_t number);

  const std::filesystem::path folder_;
  PartFile part_;
  PackIndex index_;
};

}  // namespace tasuki
