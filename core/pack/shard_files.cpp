#include "tasuki/pack/shard_files.h"

#include <sys/stat.h>

#include <algorithm>

#include "tasuki/error/error.h"

namespace tasuki {

ShardFiles::ShardFiles(std::filesystem::path folder, PackIndex index, size_t most_open)
    : folder_(std::move(folder)),
      index_(std::move(index)),
      most_open_(std::max<size_t>(most_open, 1)),
      of_list_(index_.contents.ids.size()),
      slots_(std::make_unique<Slot[]>(size_t(index_.shards.shard_size()))) {
  for (size_t i = 0; i < size_t(index_.shards.shard_size()); ++i) {
    check_size(i);
    of_list_[index_.shards.shard(int(i)).samples()].push_back(i);
  }
}

std::optional<ShardFiles::Identity> ShardFiles::identity_of(size_t shard) const {
  struct stat status = {};
  if (::stat(shard_file(folder_, shard).c_str(), &status) != 0) return {};
  return Identity{status.st_dev, status.st_ino, uint64_t(status.st_size), status.st_mtim.tv_sec,
                  status.st_mtim.tv_nsec};
}

void ShardFiles::fail(size_t shard, const std::string& why) const {
  throw Error(ErrorKind::kData,
              shard_file(folder_, shard).string() + ": " + why + "; it holds " +
                  shard_text(index_, shard) +
                  ": put it back (a link to it will do), or remove it and call `tasuki data pack` "
                  "again, which makes the shards that are missing");
}

ShardFiles::Identity ShardFiles::check_size(size_t shard) const {
  const auto identity = identity_of(shard);
  if (!identity) fail(shard, "can't be found: " + system_reason());
  const auto bytes = index_.shards.shard(int(shard)).bytes();
  if (identity->size == bytes) return *identity;
  fail(shard, "has " + std::to_string(identity->size) + " bytes, and the index says " +
                  std::to_string(bytes));
}

std::shared_ptr<const PackFile> ShardFiles::open_file(size_t shard, Slot& slot) const {
  const auto identity = check_size(shard);
  const bool known = slot.checked == identity;
  std::shared_ptr<const PackFile> file;
  try {
    file = std::make_shared<PackFile>(
        shard_file(folder_, shard), known ? PackFile::Check::kKnownPages : PackFile::Check::kPages);
  } catch (const Error& error) {
    const auto name = shard_file(folder_, shard).string() + ": ";
    const std::string what = error.what();
    fail(shard, what.starts_with(name) ? what.substr(name.size()) : what);
  }
  if (file->digest() != index_.shards.shard(int(shard)).digest()) {
    fail(shard, "is another shard than the index says: its samples have other checksums");
  }
  slot.checked = identity;
  return file;
}

std::shared_ptr<const PackFile> ShardFiles::use_open(size_t shard) const {
  const std::lock_guard lock(mutex_);
  const auto& file = slots_[shard].file;
  if (file && recent_.front() != shard) {
    recent_.splice(recent_.begin(), recent_, std::find(recent_.begin(), recent_.end(), shard));
  }
  return file;
}

void ShardFiles::keep_open(size_t shard, std::shared_ptr<const PackFile> file) const {
  std::shared_ptr<const PackFile> closed;  // behind the lock
  const std::lock_guard lock(mutex_);
  slots_[shard].file = std::move(file);
  recent_.push_front(shard);
  if (recent_.size() <= most_open_) return;
  closed = std::exchange(slots_[recent_.back()].file, nullptr);
  recent_.pop_back();
}

std::shared_ptr<const PackFile> ShardFiles::file_of(size_t shard) const {
  if (auto file = use_open(shard)) return file;
  auto& slot = slots_[shard];
  const std::lock_guard lock(slot.opening);
  if (auto file = use_open(shard)) return file;  // another thread was faster
  auto file = open_file(shard, slot);
  keep_open(shard, file);
  return file;
}

ShardFiles::Place ShardFiles::find(const PackPlace& place) const {
  const auto& shards = of_list_.at(place.samples);
  const auto begin_of = [&](size_t shard) { return index_.shards.shard(int(shard)).begin(); };
  const auto behind =
      std::upper_bound(shards.begin(), shards.end(), place.index,
                       [&](uint64_t index, size_t shard) { return index < begin_of(shard); });
  const size_t shard = *std::prev(behind);
  return {file_of(shard), {0, place.index - begin_of(shard)}};
}

size_t ShardFiles::open() const {
  const std::lock_guard lock(mutex_);
  return recent_.size();
}

}  // namespace tasuki
