#include "tasuki/pack/pack.h"

#include <algorithm>

#include "tasuki/io/files.h"

namespace tasuki {
namespace {

std::vector<PackHeader::Use> uses_behind(const PackHeader& header, bool training) {
  std::vector<PackHeader::Use> uses;
  for (const auto& use : header.use()) {
    if (use.training() == training) uses.push_back(use);
  }
  return uses;
}

}  // namespace

Pack::Pack(std::filesystem::path path, size_t most_open) : path_(std::move(path)) {
  if (is_folder(path_)) {
    shards_ = std::make_unique<ShardFiles>(path_, read_pack_index(path_), most_open);
    contents_ = shards_->index().contents;
  } else {
    file_ = std::make_unique<PackFile>(path_);
    contents_ = file_->contents();
  }
}

std::vector<size_t> Pack::shards(uint32_t samples) const {
  if (file_) return {ids(samples).size()};
  std::vector<size_t> sizes;
  for (const auto& shard : shards_->index().shards.shard()) {
    if (shard.samples() == samples) sizes.push_back(size_t(shard.count()));
  }
  return sizes;
}

std::vector<std::filesystem::path> Pack::files() const {
  if (file_) return {path_};
  std::vector<std::filesystem::path> files = {pack_index_file(path_)};
  for (int i = 0; i < shards_->index().shards.shard_size(); ++i) {
    files.push_back(shard_file(path_, size_t(i)));
  }
  return files;
}

Sample Pack::load(const PackPlace& place) const {
  const auto at = file_ ? ShardFiles::Place{nullptr, place} : shards_->find(place);
  const auto& file = file_ ? *file_ : *at.file;
  try {
    return file.load(at.place);
  } catch (const Error& error) {
    throw Error(ErrorKind::kData, file.path().string() + ": sample " + std::to_string(place.index) +
                                      " of split " + header().samples(int(place.samples)).split() +
                                      " is damaged: " + error.what() +
                                      "; remove the file and make it anew with `tasuki data pack`");
  }
}

bool is_packed(const std::filesystem::path& path, const PackContents& contents) {
  if (!path_exists(path)) return false;
  const bool in_shards = is_folder(path);
  if (in_shards && !path_exists(pack_index_file(path))) return false;
  const auto there = in_shards ? read_pack_index(path) : PackIndex{PackFile(path).contents(), {}};
  const auto change = pack_change(there.contents, contents, PackParts::kAll);
  if (!change.empty()) {
    throw Error(ErrorKind::kUsage, path.string() + " is a pack of something else: " + change +
                                       "; remove it, or give another --output");
  }
  for (int i = 0; i < there.shards.shard_size(); ++i) {
    std::error_code missing;
    const auto bytes = std::filesystem::file_size(shard_file(path, size_t(i)), missing);
    if (missing || bytes != there.shards.shard(i).bytes()) return false;
  }
  return true;
}

PackedDataset::PackedDataset(std::shared_ptr<const Pack> pack)
    : pack_(std::move(pack)), uses_(pack_->header().use().begin(), pack_->header().use().end()) {}

PackedDataset::PackedDataset(std::shared_ptr<const Pack> pack, std::string pipeline,
                             std::vector<PackHeader::Use> uses)
    : pack_(std::move(pack)), pipeline_(std::move(pipeline)), uses_(std::move(uses)) {}

std::shared_ptr<const PackedDataset> PackedDataset::behind(bool training) const {
  return std::shared_ptr<const PackedDataset>(
      new PackedDataset(pack_, training ? "train_pipeline" : "eval_pipeline",
                        uses_behind(pack_->header(), training)));
}

std::vector<std::string> PackedDataset::splits() const {
  std::vector<std::string> names;
  for (const auto& use : uses_) {
    if (std::find(names.begin(), names.end(), use.split()) == names.end()) {
      names.push_back(use.split());
    }
  }
  return names;
}

uint32_t PackedDataset::place_of(const std::string& split) const {
  for (const auto& use : uses_) {
    if (use.split() == split) return use.samples();
  }
  throw Error(ErrorKind::kUsage,
              pack_->path().string() + ": the pack has no split \"" + split + "\"" +
                  (pipeline_.empty() ? "" : " behind " + pipeline_) +
                  did_you_mean(split, splits()) + "; it has: " + join(splits()) +
                  "; read the raw files instead (--set data.pack=\"\"), or make a pack of a "
                  "config that uses it so");
}

size_t PackedDataset::size(const std::string& split) const {
  return pack_->ids(place_of(split)).size();
}

IdList PackedDataset::ids(const std::string& split) const {
  return pack_->ids(place_of(split));
}

std::vector<std::string> PackedDataset::class_names(const std::string& field) const {
  for (const auto& classes : pack_->header().classes()) {
    if (classes.field() == field) return {classes.name().begin(), classes.name().end()};
  }
  return {};
}

std::vector<DatasetPart> PackedDataset::parts(const std::string& split) const {
  std::vector<DatasetPart> parts;
  for (const auto& part : pack_->header().samples(int(place_of(split))).part()) {
    parts.push_back({part.name(), size_t(part.size())});
  }
  return parts.empty() ? Dataset::parts(split) : parts;
}

std::vector<size_t> PackedDataset::shards(const std::string& split) const {
  return pack_->shards(place_of(split));
}

Sample PackedDataset::load(const std::string& split, size_t index) const {
  const auto samples = place_of(split);
  const auto count = pack_->ids(samples).size();
  if (index >= count) {
    throw Error(ErrorKind::kData, "sample " + std::to_string(index) + " of split \"" + split +
                                      "\": it has samples 0 to " + std::to_string(count - 1));
  }
  return pack_->load({samples, index});
}

}  // namespace tasuki
