#include "tasuki/io/id_list.h"

#include <xxhash.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <optional>

#include "tasuki/error/error.h"
#include "tasuki/io/files.h"
#include "tasuki/io/folder_walk.h"

namespace tasuki {
namespace {

constexpr size_t kLargestList = size_t{1} << 32;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

bool stays_inside(const std::string& id) {
  const std::filesystem::path path(id);
  if (path.is_absolute()) return false;
  for (const auto& part : path) {
    if (part == "..") return false;
  }
  return std::none_of(id.begin(), id.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 32; });
}

bool is_hidden(const std::string& id) {
  // Behind a slash comes the dot of the file's ending.
  return id.starts_with('.') || id.find("/.") != std::string::npos || id.ends_with('/');
}

// None of the three above asks for a look: what lists of millions of ids have time for.
bool is_plain(std::string_view id) {
  bool begins = true;  // at the beginning of one of its parts
  for (const char c : id) {
    if (static_cast<unsigned char>(c) < 32 || (begins && (c == '/' || c == '.'))) return false;
    begins = c == '/';
  }
  return !begins;
}

void check_id(const std::string& id, const std::string& place) {
  if (!stays_inside(id)) throw Error(ErrorKind::kData, place + " leads out of its folder");
  const auto plain = std::filesystem::path(id).lexically_normal().generic_string();
  if (plain != id) throw Error(ErrorKind::kData, place + " has a shorter form: " + plain);
  if (is_hidden(id)) {
    throw Error(ErrorKind::kData, place + " is of a hidden file, which is no sample");
  }
}

// Calls use(id, line) for each id of a list, lines counted from 1.
template <class Use>
void for_each_line(std::string_view text, const Use& use) {
  size_t line = 0;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    auto id = text.substr(begin, end - begin);
    id = id.substr(0, id.find_last_not_of(" \t\r") + 1);
    begin = end + 1;
    ++line;
    if (!id.empty()) use(id, line);
  }
}

std::string place_of(const std::filesystem::path& file, size_t line, std::string_view id) {
  return file.string() + ":" + std::to_string(line) + ": id \"" + std::string(id) + "\"";
}

// The first id that was there before, and where.
struct Repeated {
  size_t index = 0, first = 0;
};

// Ids that are the same have the same hash: sorted by it they are neighbours. 16 bytes an id, a
// third of what a set of them takes.
std::optional<Repeated> find_repeated(const IdList& ids) {
  std::vector<std::pair<uint64_t, uint32_t>> hashes(ids.size());
  for (size_t i = 0; i < ids.size(); ++i) {
    const auto id = ids.view(i);
    hashes[i] = {XXH3_64bits(id.data(), id.size()), uint32_t(i)};
  }
  std::sort(hashes.begin(), hashes.end());
  std::optional<Repeated> found;
  for (size_t i = 0; i < hashes.size(); ++i) {
    for (size_t j = i; j-- > 0 && hashes[j].first == hashes[i].first;) {
      const Repeated pair{hashes[i].second, hashes[j].second};
      if (ids.view(pair.index) != ids.view(pair.first)) continue;
      if (!found || pair.index < found->index) found = pair;
      break;
    }
  }
  return found;
}

size_t boundary(double fraction, size_t count) {
  return static_cast<size_t>(std::llround(fraction * static_cast<double>(count)));
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool same_but_for_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

// The digits at `at`, without the zeros in front of the number; `at` goes behind them.
std::string_view number_at(const std::string& text, size_t& at) {
  while (at < text.size() && text[at] == '0') ++at;
  const size_t begin = at;
  while (at < text.size() && is_digit(text[at])) ++at;
  return std::string_view(text).substr(begin, at - begin);
}

}  // namespace

IdList::IdList(const std::vector<std::string>& ids) {
  Builder builder;
  for (const auto& id : ids) builder.add(id);
  *this = builder.finish();
}

IdList::IdList(Block block)
    : block_(std::make_shared<const Block>(std::move(block))), end_(block_->ends.size()) {}

std::string_view IdList::view(size_t index) const {
  const size_t at = begin_ + index;
  const uint64_t begin = at == 0 ? 0 : block_->ends[at - 1];
  return std::string_view(block_->characters).substr(begin, block_->ends[at] - begin);
}

IdList IdList::slice(size_t first, size_t last) const {
  IdList part = *this;
  part.begin_ = begin_ + first;
  part.end_ = begin_ + last;
  return part;
}

bool IdList::operator==(const IdList& other) const {
  if (size() != other.size()) return false;
  for (size_t i = 0; i < size(); ++i) {
    if (view(i) != other.view(i)) return false;
  }
  return true;
}

void IdList::Builder::reserve(size_t ids, size_t characters) {
  block_.ends.reserve(ids);
  block_.characters.reserve(characters);
}

void IdList::Builder::add(std::string_view prefix, std::string_view id) {
  block_.characters.append(prefix).append(id);
  block_.ends.push_back(block_.characters.size());
}

IdList IdList::Builder::finish() {
  return IdList(std::exchange(block_, {}));
}

IdList read_ids(const std::filesystem::path& file) {
  IdList ids;
  const auto read = [&] {
    std::string text = read_file(file, kLargestList);
    if (text.starts_with(kByteOrderMark)) text.erase(0, kByteOrderMark.size());
    if (text.find('\0') != std::string::npos) {
      throw Error(ErrorKind::kData, file.string() +
                                        ": is no list in UTF-8: has bytes of 0, as a text "
                                        "in UTF-16 has; save it as UTF-8");
    }
    return text;
  };
  {
    const auto text = read();
    const auto lines = size_t(std::count(text.begin(), text.end(), '\n'));
    IdList::Builder builder;
    builder.reserve(lines + 1, text.size() - lines);
    for_each_line(text, [&](std::string_view id, size_t line) {
      if (!is_plain(id)) check_id(std::string(id), place_of(file, line, id));
      builder.add(id);
    });
    ids = builder.finish();
  }
  const auto repeated = find_repeated(ids);
  if (!repeated) return ids;
  std::vector<size_t> lines;
  for_each_line(read(), [&](std::string_view, size_t line) { lines.push_back(line); });
  throw Error(ErrorKind::kData, place_of(file, lines[repeated->index], ids.view(repeated->index)) +
                                    " is in line " + std::to_string(lines[repeated->first]) +
                                    " already");
}

void check_is_one_column(const std::filesystem::path& file, const IdList& ids,
                         const std::function<bool(const std::string&)>& has_file) {
  if (ids.empty()) return;
  const auto id = ids[0];
  const auto first = id.substr(0, id.find_first_of(" \t"));
  if (first == id || has_file(id) || !has_file(first)) return;
  throw Error(ErrorKind::kData, file.string() + ": id \"" + id +
                                    "\": the list has more than one column, and an id is the whole "
                                    "line; keep the first column of the lines that are meant, \"" +
                                    first + "\"");
}

std::vector<std::string> find_ids(const std::filesystem::path& folder, const std::string& ending) {
  const size_t dot = std::min(ending.rfind('.'), ending.size());
  std::vector<std::string> ids;
  for (auto& name : files_below(folder)) {
    if (name.size() <= ending.size()) continue;
    const auto last = std::string_view(name).substr(name.size() - ending.size());
    const bool ends = last.substr(0, dot) == std::string_view(ending).substr(0, dot) &&
                      same_but_for_case(last.substr(dot), std::string_view(ending).substr(dot));
    if (!ends) continue;
    name.resize(name.size() - ending.size());
    ids.push_back(std::move(name));
  }
  std::sort(ids.begin(), ids.end(), natural_less);
  const auto twice = std::adjacent_find(ids.begin(), ids.end());
  if (twice == ids.end()) return ids;
  throw Error(ErrorKind::kData, (folder / (*twice + ending)).string() +
                                    ": there is another file whose ending differs in case alone");
}

bool natural_less(const std::string& a, const std::string& b) {
  size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    if (is_digit(a[i]) && is_digit(b[j])) {
      const auto left = number_at(a, i), right = number_at(b, j);
      if (left.size() != right.size()) return left.size() < right.size();
      if (left != right) return left < right;
    } else {
      if (a[i] != b[j]) return static_cast<unsigned char>(a[i]) < static_cast<unsigned char>(b[j]);
      ++i;
      ++j;
    }
  }
  if (i < a.size() || j < b.size()) return j < b.size();
  return a < b;
}

IdList part_of(const IdList& ids, double from, double to) {
  return ids.slice(boundary(from, ids.size()), boundary(to, ids.size()));
}

size_t held_out_border(size_t count, double held, const std::function<std::string(size_t)>& scene) {
  size_t border = boundary(1 - held, count);
  if (!scene) return border;
  while (border > 0 && border < count && scene(border) == scene(border - 1)) ++border;
  return border;
}

}  // namespace tasuki
