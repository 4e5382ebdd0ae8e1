#include "tasuki/pack/page_seal.h"

#include <xxhash.h>

#include <bit>
#include <cstddef>
#include <cstring>
#include <fstream>

#include "tasuki/error/error.h"
#include "tasuki/io/files.h"

namespace tasuki {
namespace {

using PageRange = LmdbFile::PageRange;

constexpr char kEndMark[] = {'T', 'a', 's', 'u', 'k', 'i', 'P', 'k'};
// LMDB's mark, behind the header of page 0.
constexpr uint32_t kLmdbMark = 0xBEEFC0DE;
constexpr std::streamoff kLmdbMarkAt = 16;

// The last bytes of the file; the ranges stand before them.
struct End {
  uint64_t page_bytes = 0;
  uint64_t pages = 0;
  uint64_t ranges = 0;
  uint64_t checksum = 0;
  char mark[sizeof(kEndMark)] = {};
};

Error unsealed(const std::filesystem::path& path, const std::string& why) {
  return Error(ErrorKind::kData, path.string() + ": " + why);
}

template <class Value>
bool read_at(std::ifstream& in, uint64_t position, Value* values, size_t count = 1) {
  in.seekg(std::streamoff(position));
  return bool(in.read(reinterpret_cast<char*>(values), std::streamsize(count * sizeof(Value))));
}

// Of everything that the end says, and of the pages; nothing where they can't be read.
std::optional<uint64_t> checksum_of_pages(std::ifstream& in, const End& end,
                                          const std::vector<PageRange>& ranges) {
  const std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t*)> state(XXH3_createState(),
                                                                              XXH3_freeState);
  XXH3_64bits_reset(state.get());
  XXH3_64bits_update(state.get(), &end, offsetof(End, checksum));
  XXH3_64bits_update(state.get(), ranges.data(), ranges.size() * sizeof(PageRange));
  std::vector<char> page(end.page_bytes);
  for (const auto& range : ranges) {
    for (uint64_t i = range.begin; i < range.end; ++i) {
      if (!read_at(in, i * end.page_bytes, page.data(), page.size())) return {};
      XXH3_64bits_update(state.get(), page.data(), page.size());
    }
  }
  return XXH3_64bits_digest(state.get());
}

// The numbers of an end can be those of a file of this size.
bool is_possible(const End& end, uint64_t size) {
  if (!std::has_single_bit(end.page_bytes) || end.page_bytes > size) return false;
  if (end.pages > size / end.page_bytes || end.ranges > size / sizeof(PageRange)) return false;
  return end.pages * end.page_bytes + end.ranges * sizeof(PageRange) + sizeof(End) == size;
}

}  // namespace

void append_page_seal(const std::filesystem::path& path, const LmdbFile::Layout& layout) {
  End end{layout.page_bytes, layout.pages, layout.tree.size(), 0, {}};
  std::memcpy(end.mark, kEndMark, sizeof(kEndMark));
  std::error_code failed;
  std::filesystem::resize_file(path, end.pages * end.page_bytes, failed);
  std::ifstream in(path, std::ios::binary);
  const auto checksum = checksum_of_pages(in, end, layout.tree);
  std::ofstream out(path, std::ios::binary | std::ios::app);
  if (!failed && checksum) {
    end.checksum = *checksum;
    out.write(reinterpret_cast<const char*>(layout.tree.data()),
              std::streamsize(layout.tree.size() * sizeof(PageRange)));
    out.write(reinterpret_cast<const char*>(&end), sizeof(end));
  }
  if (failed || !checksum || !out.flush()) {
    throw Error(ErrorKind::kRun, path.string() + ": its end can't be written: " +
                                     (failed ? failed.message() : system_reason()));
  }
}

void check_page_seal(const std::filesystem::path& path) {
  std::error_code failed;
  if (!std::filesystem::is_regular_file(path, failed)) return;  // LMDB won't open it either
  check_readable(path);
  const uint64_t size = std::filesystem::file_size(path);
  std::ifstream in(path, std::ios::binary);
  uint32_t mark = 0;
  if (!read_at(in, kLmdbMarkAt, &mark) || mark != kLmdbMark) {
    throw unsealed(path, "is no LMDB file, or a damaged one");
  }
  End end;
  if (size < sizeof(end) || !read_at(in, size - sizeof(end), &end) ||
      std::memcmp(end.mark, kEndMark, sizeof(kEndMark)) != 0 || !is_possible(end, size)) {
    throw unsealed(path, "is incomplete: it was cut off, or never came to its end");
  }
  std::vector<PageRange> ranges(end.ranges);
  bool sound = read_at(in, end.pages * end.page_bytes, ranges.data(), ranges.size());
  for (const auto& range : ranges) sound = sound && range.end <= end.pages;
  const auto checksum = sound ? checksum_of_pages(in, end, ranges) : std::nullopt;
  if (checksum != end.checksum) throw unsealed(path, "is damaged: its tree has a wrong checksum");
}

}  // namespace tasuki
