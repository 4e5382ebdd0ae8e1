#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "tasuki/pack/lmdb_file.h"
#include "tasuki/pack/pack_contents.h"
#include "tasuki/pack/packed_sample.h"
#include "tasuki/pack/sealed.h"

namespace tasuki {

// A complete pack in one file, or a shard of one, to read. Thread-safe.
class PackFile {
 public:
  // kKnownPages: the file's pages were checked by this process before, and are the same still.
  enum class Check { kPages, kKnownPages };
  // Error (kData) for a file that is no pack, or is incomplete or damaged.
  explicit PackFile(std::filesystem::path path, Check check = Check::kPages);

  const std::filesystem::path& path() const { return path_; }
  // Read from the file.
  PackContents contents() const;
  // pack_digest() of it; nothing in a pack of before there were shards.
  std::optional<uint64_t> digest() const;
  // The sample, its checksum verified. Error (kData), without the file's name, where it is damaged
  // or missing.
  Sample load(const PackPlace& place) const;

 private:
  const std::filesystem::path path_;
  const LmdbFile values_;
  std::optional<FieldKindNames> kinds_;
};

}  // namespace tasuki
