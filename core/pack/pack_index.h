#pragma once

#include <filesystem>

#include "tasuki/pack/pack_contents.h"
#include "tasuki/pack/part_file.h"

namespace tasuki {

// A pack in shards is a folder: FOLDER/shard-00000.pack and so on, each a pack of its own of
// consecutive samples of one list, and FOLDER/index.pack, which is written last and says what is in
// which shard, and of each its size and digest.
struct PackIndex {
  PackContents contents;  // of the whole
  PackShards shards;      // of each list in order, one list after the other
};

std::filesystem::path pack_index_file(const std::filesystem::path& folder);
std::filesystem::path shard_file(const std::filesystem::path& folder, size_t shard);

// Shards of at most `most` samples (at least 1) of each list, as even as can be.
PackShards plan_shards(const PackContents& contents, const std::vector<size_t>& most);
// What the pack is made of that a shard is.
PackContents shard_contents(const PackIndex& index, size_t shard);
// "samples 200 to 299 of split train".
std::string shard_text(const PackIndex& index, size_t shard);

// The index of a complete pack. Error (kData) where it is missing, incomplete or damaged.
PackIndex read_pack_index(const std::filesystem::path& folder);
// What is kept in an index that is not complete; nothing where that is nothing yet. Error (kData).
std::optional<PackIndex> read_pack_index(PartFile& part);
void write_pack_index(PartFile& part, const PackIndex& index);
// With the sizes and digests: that is all. The file gets its name.
void finish_pack_index(PartFile& part, const PackShards& shards);

}  // namespace tasuki
