#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <vector>

#include "tasuki/pack/pack_file.h"
#include "tasuki/pack/pack_index.h"

namespace tasuki {

// The shards of a pack, each opened and verified when a sample of it is asked for, and so many open
// at once: the one that was asked for longest ago is closed. A shard that is opened again is not
// read through a second time, unless its file is another one by then. Thread-safe: several threads
// open several shards at the same time.
class ShardFiles {
 public:
  static constexpr size_t kMostOpen = 64;

  // Error (kData) for a shard that is missing or has another size than the index says. It opens
  // none.
  ShardFiles(std::filesystem::path folder, PackIndex index, size_t most_open = kMostOpen);

  const PackIndex& index() const { return index_; }

  struct Place {
    std::shared_ptr<const PackFile> file;
    PackPlace place;  // in that file
  };
  // Where a sample lies. Error (kData) for a shard that is damaged, or another than the index says.
  Place find(const PackPlace& place) const;
  // Shards that are open now, but for those that somebody still holds.
  size_t open() const;

 private:
  // What a file was when its pages were checked.
  struct Identity {
    uint64_t device = 0, number = 0, size = 0;
    int64_t seconds = 0, nanoseconds = 0;
    bool operator==(const Identity&) const = default;
  };
  struct Slot {
    std::mutex opening;
    std::optional<Identity> checked;  // guarded by `opening`
    std::shared_ptr<const PackFile> file;
  };

  std::optional<Identity> identity_of(size_t shard) const;
  Identity check_size(size_t shard) const;
  std::shared_ptr<const PackFile> open_file(size_t shard, Slot& slot) const;
  std::shared_ptr<const PackFile> file_of(size_t shard) const;
  std::shared_ptr<const PackFile> use_open(size_t shard) const;
  void keep_open(size_t shard, std::shared_ptr<const PackFile> file) const;
  [[noreturn]] void fail(size_t shard, const std::string& why) const;

  const std::filesystem::path folder_;
  const PackIndex index_;
  const size_t most_open_;
  std::vector<std::vector<size_t>> of_list_;  // shards, in order
  const std::unique_ptr<Slot[]> slots_;
  mutable std::mutex mutex_;          // guards the slots' files and what follows
  mutable std::list<size_t> recent_;  // open shards, the last one used in front
};

}  // namespace tasuki
