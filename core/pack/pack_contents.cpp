#include "tasuki/pack/pack_contents.h"

#include <algorithm>

#include "tasuki/config/completed_text.h"
#include "tasuki/config/config_change.h"
#include "tasuki/error/error.h"
#include "tasuki/pack/sealed.h"

namespace tasuki {
namespace {

std::string ids_change(const std::string& split, const IdList& kept, const IdList& asked) {
  if (kept.size() != asked.size()) {
    return "split " + split + " had " + std::to_string(kept.size()) + " samples and now has " +
           std::to_string(asked.size());
  }
  for (size_t i = 0; i < kept.size(); ++i) {
    if (kept.view(i) == asked.view(i)) continue;
    return "sample " + std::to_string(i) + " of split " + split + " was " + kept[i] +
           " and now is " + asked[i];
  }
  return "";
}

std::string splits_of(const PackHeader& header) {
  std::vector<std::string> names;
  for (const auto& use : header.use()) {
    names.push_back(use.split() + (use.training() ? " (train_pipeline)" : " (eval_pipeline)"));
  }
  return join(names);
}

// Of the data behind the same config.
std::string data_change(const PackContents& kept, const PackContents& asked) {
  const auto then = splits_of(kept.header), now = splits_of(asked.header);
  if (then != now) return "its splits were " + then + " and now are " + now;
  for (size_t i = 0; i < std::min(kept.ids.size(), asked.ids.size()); ++i) {
    const auto &a = kept.header.samples(int(i)), &b = asked.header.samples(int(i));
    if (a.split() != b.split()) {
      return "split " + a.split() + " was where split " + b.split() + " now is";
    }
    const auto change = ids_change(a.split(), kept.ids[i], asked.ids[i]);
    if (!change.empty()) return change;
    if (a.SerializeAsString() != b.SerializeAsString()) {
      return "the parts of split " + a.split() + " changed";
    }
  }
  return kept.header.SerializeAsString() == asked.header.SerializeAsString()
             ? ""
             : "the names of classes changed";
}

}  // namespace

PackContents::PackContents(PackHeader whole) : header(std::move(whole)) {
  for (auto& samples : *header.mutable_samples()) {
    IdList::Builder builder;
    for (const auto& id : samples.id()) builder.add(id);
    ids.push_back(builder.finish());
    samples.clear_id();
  }
}

PackHeader PackContents::whole() const {
  PackHeader all = header;
  for (size_t i = 0; i < ids.size(); ++i) {
    for (auto id : ids[i]) all.mutable_samples(int(i))->add_id(std::move(id));
  }
  return all;
}

size_t PackContents::samples() const {
  size_t count = 0;
  for (const auto& list : ids) count += list.size();
  return count;
}

bool has_pack_version(const LmdbFile& file, const std::filesystem::path& path) {
  const auto version = file.find(kPackVersionKey);
  if (!version) {
    if (file.keys().empty()) return false;
    throw Error(ErrorKind::kData, path.string() + ": is an LMDB file, but no pack of Tasuki");
  }
  if (*version == kPackIndexVersion) {
    throw Error(
        ErrorKind::kData,
        path.string() + ": is the index of a pack in shards; give the folder that it is in");
  }
  if (*version != kPackVersion) {
    throw Error(ErrorKind::kData,
                path.string() + ": is a pack of another version than " + kPackVersion);
  }
  return true;
}

std::optional<PackContents> read_pack_contents(const LmdbFile& file,
                                               const std::filesystem::path& path) {
  if (!has_pack_version(file, path)) return {};
  auto header = find_sealed<PackHeader>(file, kPackHeaderKey);
  if (!header) throw Error(ErrorKind::kData, path.string() + ": its header is damaged");
  complete_plugins(*header);
  return PackContents(std::move(*header));
}

void complete_plugins(PackHeader& header) {
  header.set_dataset(completed_plugins(header.dataset()));
  header.set_train_prefix(completed_plugins(header.train_prefix()));
  header.set_eval_prefix(completed_plugins(header.eval_prefix()));
}

std::string pack_change(const PackContents& kept, const PackContents& asked, PackParts parts) {
  const auto &then = kept.header, &now = asked.header;
  auto change = config_change(then.dataset(), now.dataset(), "data.dataset");
  const std::string prefix = " up to its first random transform";
  if (change.empty()) {
    change = config_change(then.train_prefix(), now.train_prefix(), "data.train_pipeline" + prefix);
  }
  if (change.empty()) {
    change = config_change(then.eval_prefix(), now.eval_prefix(), "data.eval_pipeline" + prefix);
  }
  return change.empty() && parts == PackParts::kAll ? data_change(kept, asked) : change;
}

}  // namespace tasuki
