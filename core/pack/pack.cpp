#include "tasuki/pack/pack.h"

#include <algorithm>

#include "tasuki/pack/page_seal.h"

namespace tasuki {
namespace {

// LMDB looks at no page before they are checked.
const std::filesystem::path& sealed_file(const std::filesystem::path& path) {
  check_page_seal(path);
  return path;
}

std::vector<PackHeader::Use> uses_behind(const PackHeader& header, bool training) {
  std::vector<PackHeader::Use> uses;
  for (const auto& use : header.use()) {
    if (use.training() == training) uses.push_back(use);
  }
  return uses;
}

}  // namespace

Pack::Pack(std::filesystem::path file)
    : path_(std::move(file)), values_(sealed_file(path_), LmdbFile::Mode::kRead) {
  const auto wrong = [&](const std::string& what) {
    return Error(ErrorKind::kData, path_.string() + ": " + what);
  };
  auto header = read_pack_header(values_, path_);
  if (!header || !values_.find(kPackCompleteKey)) {
    throw wrong("is incomplete: it never came to its end");
  }
  header_ = std::move(*header);
  for (const auto& use : header_.use()) {
    if (use.samples() >= uint32_t(header_.samples_size())) throw wrong("its header is damaged");
  }
  const auto sealed = values_.find(kPackKindsKey).value_or("");
  const auto bytes = unseal(kPackKindsKey, sealed);
  PackKinds kinds;
  if (!bytes || !kinds.ParseFromArray(bytes->data(), int(bytes->size()))) {
    throw wrong("its list of field kinds is damaged");
  }
  kinds_.emplace(std::vector<std::string>(kinds.name().begin(), kinds.name().end()));
}

size_t Pack::samples() const {
  size_t count = 0;
  for (const auto& samples : header_.samples()) count += size_t(samples.id_size());
  return count;
}

Sample Pack::load(const PackPlace& place) const {
  const auto key = pack_key(place);
  try {
    std::optional<Sample> sample;
    const bool there = values_.read(key, [&](std::string_view sealed) {
      const auto bytes = unseal(key, sealed);
      if (!bytes) throw Error(ErrorKind::kData, "its checksum is wrong");
      sample = decode_sample(*bytes, *kinds_);
    });
    if (!there) throw Error(ErrorKind::kData, "it is not there");
    return std::move(*sample);
  } catch (const Error& error) {
    throw Error(ErrorKind::kData, path_.string() + ": sample " + std::to_string(place.index) +
                                      " of split " + header_.samples(int(place.samples)).split() +
                                      " is damaged: " + error.what() +
                                      "; remove the file and make it anew with `tasuki data pack`");
  }
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
              pack_->file().string() + ": the pack has no split \"" + split + "\"" +
                  (pipeline_.empty() ? "" : " behind " + pipeline_) +
                  did_you_mean(split, splits()) + "; it has: " + join(splits()) +
                  "; read the raw files instead (--set data.pack=\"\"), or make a pack of a "
                  "config that uses it so");
}

size_t PackedDataset::size(const std::string& split) const {
  return size_t(pack_->header().samples(int(place_of(split))).id_size());
}

IdList PackedDataset::ids(const std::string& split) const {
  const auto& ids = pack_->header().samples(int(place_of(split))).id();
  IdList::Builder list;
  for (const auto& id : ids) list.add(id);
  return list.finish();
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

Sample PackedDataset::load(const std::string& split, size_t index) const {
  const auto samples = place_of(split);
  const auto count = size_t(pack_->header().samples(int(samples)).id_size());
  if (index >= count) {
    throw Error(ErrorKind::kData, "sample " + std::to_string(index) + " of split \"" + split +
                                      "\": it has samples 0 to " + std::to_string(count - 1));
  }
  return pack_->load({samples, index});
}

}  // namespace tasuki
