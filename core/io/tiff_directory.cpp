#include "tasuki/io/tiff_directory.h"

#include <algorithm>

#include "tasuki/io/picture_format.h"

namespace tasuki {
namespace {

constexpr uint64_t kShort = 3, kLong = 4;
constexpr uint64_t kMostEntries = 4096;

}  // namespace

TiffDirectory::TiffDirectory(std::string_view bytes) : bytes_(bytes) {
  little_ = bytes.starts_with("II");
  if (!little_ && !bytes.starts_with("MM")) return;
  const auto version = number(2, 2);
  if (version != 42 && version != 43) return;
  const bool big = version == 43;
  offset_size_ = big ? 8 : 4;
  entry_size_ = big ? 20 : 12;
  const size_t count_size = big ? 8 : 2;
  const auto begin = number(big ? 8 : 4, offset_size_);
  const auto entries = begin ? number(*begin, count_size) : std::nullopt;
  if (!entries) return;
  first_ = *begin + count_size;
  entries_ = std::min(*entries, kMostEntries);
}

std::optional<uint64_t> TiffDirectory::number(size_t at, size_t count) const {
  if (at > bytes_.size() || bytes_.size() - at < count) return std::nullopt;
  return little_ ? little_endian_at(bytes_, at, count) : big_endian_at(bytes_, at, count);
}

std::optional<size_t> TiffDirectory::entry(TiffTag tag) const {
  for (uint64_t i = 0; i < entries_; ++i) {
    const size_t at = first_ + i * entry_size_;
    const auto found = number(at, 2);
    if (!found) return std::nullopt;
    if (*found == static_cast<uint64_t>(tag)) return at;
  }
  return std::nullopt;
}

// An entry is tag, type, how many, and the values themselves where they fit, else where they lie.
std::optional<size_t> TiffDirectory::place(TiffTag tag) const {
  const auto at = entry(tag);
  const auto type = at ? number(*at + 2, 2) : std::nullopt;
  if (type != kShort && type != kLong) return std::nullopt;
  const auto count = number(*at + 4, offset_size_);
  const size_t size = type == kShort ? 2 : 4, values = *at + 4 + offset_size_;
  if (!count || *count == 0) return std::nullopt;
  if (*count <= offset_size_ / size) return values;
  return number(values, offset_size_);
}

std::optional<uint64_t> TiffDirectory::value(TiffTag tag) const {
  const auto at = place(tag);
  if (!at) return std::nullopt;
  return number(*at, number(*entry(tag) + 2, 2) == kShort ? 2 : 4);
}

}  // namespace tasuki
