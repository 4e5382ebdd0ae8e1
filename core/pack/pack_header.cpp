#include <algorithm>

#include "tasuki/config/completed_text.h"
#include "tasuki/config/config_change.h"
#include "tasuki/pack/pack.h"

namespace tasuki {
namespace {

std::string samples_change(const PackHeader::Samples& kept, const PackHeader::Samples& asked) {
  if (kept.split() != asked.split()) {
    return "split " + kept.split() + " was where split " + asked.split() + " now is";
  }
  if (kept.id_size() != asked.id_size()) {
    return "split " + kept.split() + " had " + std::to_string(kept.id_size()) +
           " samples and now has " + std::to_string(asked.id_size());
  }
  for (int i = 0; i < kept.id_size(); ++i) {
    if (kept.id(i) == asked.id(i)) continue;
    return "sample " + std::to_string(i) + " of split " + kept.split() + " was " + kept.id(i) +
           " and now is " + asked.id(i);
  }
  if (kept.SerializeAsString() != asked.SerializeAsString()) {
    return "the parts of split " + kept.split() + " changed";
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
std::string data_change(const PackHeader& kept, const PackHeader& asked) {
  const auto then = splits_of(kept), now = splits_of(asked);
  if (then != now) return "its splits were " + then + " and now are " + now;
  for (int i = 0; i < std::min(kept.samples_size(), asked.samples_size()); ++i) {
    const auto change = samples_change(kept.samples(i), asked.samples(i));
    if (!change.empty()) return change;
  }
  return kept.SerializeAsString() == asked.SerializeAsString() ? ""
                                                               : "the names of classes changed";
}

}  // namespace

std::optional<PackHeader> read_pack_header(const LmdbFile& file,
                                           const std::filesystem::path& path) {
  const auto version = file.find(kPackVersionKey);
  if (!version) {
    if (file.keys().empty()) return {};
    throw Error(ErrorKind::kData, path.string() + ": is an LMDB file, but no pack of Tasuki");
  }
  if (*version != kPackVersion) {
    throw Error(ErrorKind::kData,
                path.string() + ": is a pack of another version than " + kPackVersion);
  }
  const auto sealed = file.find(kPackHeaderKey).value_or("");
  const auto bytes = unseal(kPackHeaderKey, sealed);
  PackHeader header;
  if (!bytes || !header.ParseFromArray(bytes->data(), int(bytes->size()))) {
    throw Error(ErrorKind::kData, path.string() + ": its header is damaged");
  }
  header.set_dataset(completed_plugins(header.dataset()));
  header.set_train_prefix(completed_plugins(header.train_prefix()));
  header.set_eval_prefix(completed_plugins(header.eval_prefix()));
  return header;
}

std::string pack_change(const PackHeader& kept, const PackHeader& asked, PackParts parts) {
  auto change = config_change(kept.dataset(), asked.dataset(), "data.dataset");
  const std::string prefix = " up to its first random transform";
  if (change.empty()) {
    change =
        config_change(kept.train_prefix(), asked.train_prefix(), "data.train_pipeline" + prefix);
  }
  if (change.empty()) {
    change = config_change(kept.eval_prefix(), asked.eval_prefix(), "data.eval_pipeline" + prefix);
  }
  return change.empty() && parts == PackParts::kAll ? data_change(kept, asked) : change;
}

}  // namespace tasuki
