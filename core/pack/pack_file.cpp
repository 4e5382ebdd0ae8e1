#include "tasuki/pack/pack_file.h"

#include "tasuki/error/error.h"
#include "tasuki/pack/page_seal.h"

namespace tasuki {
namespace {

Error wrong(const std::filesystem::path& path, const std::string& what) {
  return Error(ErrorKind::kData, path.string() + ": " + what);
}

// LMDB looks at no page before they are checked.
const std::filesystem::path& checked(const std::filesystem::path& path, PackFile::Check check) {
  if (check == PackFile::Check::kPages) check_page_seal(path);
  return path;
}

}  // namespace

PackFile::PackFile(std::filesystem::path path, Check check)
    : path_(std::move(path)), values_(checked(path_, check), LmdbFile::Mode::kRead) {
  if (check == Check::kPages) {
    if (!has_pack_version(values_, path_) || !values_.find(kPackCompleteKey)) {
      throw wrong(path_, "is incomplete: it never came to its end");
    }
  }
  const auto kinds = find_sealed<PackKinds>(values_, kPackKindsKey);
  if (!kinds) throw wrong(path_, "its list of field kinds is damaged");
  kinds_.emplace(std::vector<std::string>(kinds->name().begin(), kinds->name().end()));
}

PackContents PackFile::contents() const {
  auto contents = read_pack_contents(values_, path_).value();
  for (const auto& use : contents.header.use()) {
    if (use.samples() >= contents.ids.size()) throw wrong(path_, "its header is damaged");
  }
  return contents;
}

std::optional<uint64_t> PackFile::digest() const {
  const auto text = values_.find(kPackDigestKey);
  if (!text || text->size() != sizeof(uint64_t)) return {};
  return number_of(*text);
}

Sample PackFile::load(const PackPlace& place) const {
  const auto key = pack_key(place);
  std::optional<Sample> sample;
  const bool there = values_.read(key, [&](std::string_view sealed) {
    const auto bytes = unseal(key, sealed);
    if (!bytes) throw Error(ErrorKind::kData, "its checksum is wrong");
    sample = decode_sample(*bytes, *kinds_);
  });
  if (!there) throw Error(ErrorKind::kData, "it is not there");
  return std::move(*sample);
}

}  // namespace tasuki
