#include "tasuki/pack/pack_index.h"

#include <algorithm>

#include "tasuki/error/error.h"
#include "tasuki/io/files.h"
#include "tasuki/pack/page_seal.h"
#include "tasuki/pack/sealed.h"

namespace tasuki {
namespace {

// Ids are put into an index so many shards at a time, so that no large part of them is there twice.
constexpr size_t kShardsAtOnce = 64;

Error damaged(const std::filesystem::path& path) {
  return Error(ErrorKind::kData,
               path.string() + ": is damaged: what it says of its shards is wrong");
}

// The shards are those of the lists, without a gap, and the ids as many as they say.
bool is_sound(const PackIndex& index) {
  std::vector<uint64_t> ends(index.contents.ids.size());
  for (const auto& shard : index.shards.shard()) {
    if (shard.samples() >= ends.size() || shard.count() == 0) return false;
    if (shard.begin() != ends[shard.samples()]) return false;
    ends[shard.samples()] += shard.count();
  }
  for (size_t i = 0; i < ends.size(); ++i) {
    if (ends[i] != index.contents.ids[i].size()) return false;
  }
  const auto& uses = index.contents.header.use();
  return std::all_of(uses.begin(), uses.end(),
                     [&](const auto& use) { return use.samples() < ends.size(); });
}

// Nothing where the file has not even shards.
std::optional<PackIndex> read_index(const LmdbFile& file, const std::filesystem::path& path) {
  const auto version = file.find(kPackVersionKey);
  if (!version && file.keys().empty()) return {};
  if (version == kPackIndexVersion && !file.find(kPackShardsKey)) return {};  // killed at once
  if (version != kPackIndexVersion) {
    throw Error(ErrorKind::kData,
                path.string() + ": is no index of shards of the version " + kPackIndexVersion);
  }
  auto header = find_sealed<PackHeader>(file, kPackHeaderKey);
  auto shards = find_sealed<PackShards>(file, kPackShardsKey);
  if (!header || !shards) throw damaged(path);
  complete_plugins(*header);
  std::vector<IdList::Builder> lists(size_t(header->samples_size()));
  for (int i = 0; i < shards->shard_size(); ++i) {
    const auto ids = find_sealed<PackIds>(file, pack_ids_key(size_t(i)));
    const auto& shard = shards->shard(i);
    if (!ids || shard.samples() >= lists.size() || shard.count() != uint64_t(ids->id_size())) {
      throw damaged(path);
    }
    for (const auto& id : ids->id()) lists[shard.samples()].add(id);
  }
  PackIndex index;
  index.contents.header = std::move(*header);
  for (auto& list : lists) index.contents.ids.push_back(list.finish());
  index.shards = std::move(*shards);
  if (!is_sound(index)) throw damaged(path);
  return index;
}

PackIds ids_of_shard(const PackIndex& index, const PackShards::Shard& shard) {
  PackIds ids;
  const auto& list = index.contents.ids[shard.samples()];
  for (size_t i = shard.begin(); i < shard.begin() + shard.count(); ++i) {
    const auto id = list.view(i);
    ids.add_id(id.data(), id.size());
  }
  return ids;
}

std::pair<std::string, std::string> sealed(const std::string& key,
                                           const google::protobuf::Message& message) {
  return {key, seal(key, message.SerializeAsString())};
}

}  // namespace

std::filesystem::path pack_index_file(const std::filesystem::path& folder) {
  return folder / "index.pack";
}

std::filesystem::path shard_file(const std::filesystem::path& folder, size_t shard) {
  const auto digits = std::to_string(shard);
  const std::string zeros(digits.size() < 5 ? 5 - digits.size() : 0, '0');
  return folder / ("shard-" + zeros + digits + ".pack");
}

PackShards plan_shards(const PackContents& contents, const std::vector<size_t>& most) {
  PackShards shards;
  for (size_t list = 0; list < contents.ids.size(); ++list) {
    const size_t size = contents.ids[list].size();
    const size_t count = (size + most[list] - 1) / most[list];
    for (size_t i = 0; i < count; ++i) {
      auto& shard = *shards.add_shard();
      shard.set_samples(uint32_t(list));
      shard.set_begin(size / count * i + std::min(i, size % count));
      shard.set_count(size / count + (i < size % count ? 1 : 0));
    }
  }
  return shards;
}

PackContents shard_contents(const PackIndex& index, size_t shard) {
  const auto& described = index.shards.shard(int(shard));
  const auto& whole = index.contents;
  PackContents part;
  part.header = whole.header;
  part.header.clear_samples();
  part.header.clear_use();
  part.header.add_samples()->set_split(whole.header.samples(int(described.samples())).split());
  for (const auto& use : whole.header.use()) {
    if (use.samples() != described.samples()) continue;
    *part.header.add_use() = use;
    part.header.mutable_use()->rbegin()->set_samples(0);
  }
  part.ids = {whole.ids[described.samples()].slice(described.begin(),
                                                   described.begin() + described.count())};
  return part;
}

std::string shard_text(const PackIndex& index, size_t shard) {
  const auto& described = index.shards.shard(int(shard));
  return "samples " + std::to_string(described.begin()) + " to " +
         std::to_string(described.begin() + described.count() - 1) + " of split " +
         index.contents.header.samples(int(described.samples())).split();
}

PackIndex read_pack_index(const std::filesystem::path& folder) {
  const auto path = pack_index_file(folder);
  if (!path_exists(path)) {
    throw Error(ErrorKind::kData,
                folder.string() + (path_exists(part_of_file(path))
                                       ? ": is the beginning of a pack; call `tasuki data pack` "
                                         "again, which goes on with it"
                                       : ": is a folder without " + path.filename().string() +
                                             ", and so no pack in shards"));
  }
  check_page_seal(path);
  const LmdbFile file(path, LmdbFile::Mode::kRead);
  auto index = read_index(file, path);
  if (!index || !file.find(kPackCompleteKey)) throw damaged(path);
  return std::move(*index);
}

std::optional<PackIndex> read_pack_index(PartFile& part) {
  return read_index(part.values(), part.part());
}

void write_pack_index(PartFile& part, const PackIndex& index) {
  std::vector<std::pair<std::string, std::string>> values = {{kPackVersionKey, kPackIndexVersion}};
  for (size_t i = 0; i < size_t(index.shards.shard_size()); ++i) {
    const auto ids = ids_of_shard(index, index.shards.shard(int(i)));
    values.push_back(sealed(pack_ids_key(i), ids));
    if (values.size() < kShardsAtOnce) continue;
    part.values().write(values);
    values.clear();
  }
  values.push_back(sealed(kPackHeaderKey, index.contents.header));
  values.push_back(sealed(kPackShardsKey, index.shards));
  part.values().write(values);
}

void finish_pack_index(PartFile& part, const PackShards& shards) {
  part.values().write({sealed(kPackShardsKey, shards), {kPackCompleteKey, "complete"}});
  part.publish();
}

}  // namespace tasuki
