#include "tasuki/pack/shard_writer.h"

#include "tasuki/error/error.h"
#include "tasuki/io/files.h"
#include "tasuki/pack/pack_file.h"

namespace tasuki {
namespace {

void check_same(const std::filesystem::path& path, const char* is, const PackContents& kept,
                const PackContents& asked) {
  const auto change = pack_change(kept, asked, PackParts::kAll);
  if (change.empty()) return;
  throw Error(ErrorKind::kUsage, path.string() + " is " + is + ": " + change +
                                     "; remove it, or give another --output");
}

// Nothing is put into a folder that has nothing of a pack, and is not to get one.
std::filesystem::path usable_folder(std::filesystem::path folder, const PackShards& plan) {
  const auto index = pack_index_file(folder);
  if (!plan.shard().empty() || path_exists(index) || path_exists(part_of_file(index))) {
    return folder;
  }
  throw Error(ErrorKind::kUsage, folder.string() +
                                     " is a folder without a pack: say how large the shards in it "
                                     "are to be, or give a file");
}

}  // namespace

ShardWriter::ShardWriter(std::filesystem::path folder, PackContents contents,
                         const PackShards& plan)
    : folder_(usable_folder(std::move(folder), plan)),
      part_(pack_index_file(folder_)),
      index_(begin(std::move(contents), plan)) {
  for (size_t i = 0; i < shards(); ++i) {
    auto& shard = *index_.shards.mutable_shard(int(i));
    shard.clear_bytes();
    shard.clear_digest();
    if (path_exists(shard_file(folder_, i))) take_complete(i);
  }
}

PackIndex ShardWriter::begin(PackContents contents, const PackShards& plan) {
  if (auto kept = read_pack_index(part_)) {
    check_same(part_.part(), "the beginning of another pack", kept->contents, contents);
    return std::move(*kept);
  }
  PackIndex index{std::move(contents), plan};
  if (path_exists(part_.path())) {
    auto complete = read_pack_index(folder_);
    check_same(folder_, "a pack of something else", complete.contents, index.contents);
    index.shards = std::move(complete.shards);
  }
  write_pack_index(part_, index);
  return index;
}

// Its pages are read, so that a shard of something else, or half of one, is not taken for it.
void ShardWriter::take_complete(size_t number) {
  const auto path = shard_file(folder_, number);
  std::optional<uint64_t> digest;
  try {
    const PackFile file(path);
    check_same(path, "a shard of something else", file.contents(), shard_contents(index_, number));
    digest = file.digest();
    if (!digest) throw Error(ErrorKind::kData, path.string() + ": is no shard");
  } catch (const Error& error) {
    throw Error(error.kind(),
                std::string(error.what()) + "; where it is removed, it is made again");
  }
  auto& shard = *index_.shards.mutable_shard(int(number));
  shard.set_bytes(std::filesystem::file_size(path));
  shard.set_digest(*digest);
}

size_t ShardWriter::missing() const {
  size_t count = 0;
  for (size_t i = 0; i < shards(); ++i) {
    if (shard(i).bytes() > 0) continue;
    const bool begun = path_exists(part_of_file(shard_file(folder_, i)));
    count += begun ? PackWriter(shard_file(folder_, i), shard_contents(index_, i)).missing().size()
                   : shard(i).count();
  }
  return count;
}

std::unique_ptr<PackWriter> ShardWriter::open(size_t number) {
  if (shard(number).bytes() > 0) return nullptr;
  return std::make_unique<PackWriter>(shard_file(folder_, number), shard_contents(index_, number));
}

void ShardWriter::finish(size_t number, PackWriter& shard) {
  auto& described = *index_.shards.mutable_shard(int(number));
  described.set_digest(shard.finish());
  described.set_bytes(std::filesystem::file_size(shard_file(folder_, number)));
}

void ShardWriter::finish() {
  finish_pack_index(part_, index_.shards);
}

}  // namespace tasuki
