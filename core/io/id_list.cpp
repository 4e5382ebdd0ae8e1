#include "tasuki/io/id_list.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>

#include "tasuki/error/error.h"
#include "tasuki/io/files.h"
#include "tasuki/io/folder_walk.h"

namespace tasuki {
namespace {

constexpr size_t kLargestList = size_t{1} << 28;
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
  return id.starts_with('.') || id.find("/.") != std::string::npos;
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

std::vector<std::string> read_ids(const std::filesystem::path& file) {
  std::string text = read_file(file, kLargestList);
  if (text.starts_with(kByteOrderMark)) text.erase(0, kByteOrderMark.size());
  if (text.find('\0') != std::string::npos) {
    throw Error(ErrorKind::kData, file.string() +
                                      ": is no list in UTF-8: has bytes of 0, as a text "
                                      "in UTF-16 has; save it as UTF-8");
  }
  std::vector<std::string> ids;
  std::map<std::string, int> line_of;
  int line = 0;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    std::string id = text.substr(begin, end - begin);
    id.erase(id.find_last_not_of(" \t\r") + 1);
    begin = end + 1;
    ++line;
    if (id.empty()) continue;
    const std::string place = file.string() + ":" + std::to_string(line) + ": id \"" + id + "\"";
    if (!stays_inside(id)) throw Error(ErrorKind::kData, place + " leads out of its folder");
    const auto plain = std::filesystem::path(id).lexically_normal().generic_string();
    if (plain != id) throw Error(ErrorKind::kData, place + " has a shorter form: " + plain);
    if (is_hidden(id)) {
      throw Error(ErrorKind::kData, place + " is of a hidden file, which is no sample");
    }
    const auto [known, fresh] = line_of.emplace(id, line);
    if (!fresh) {
      throw Error(ErrorKind::kData,
                  place + " is in line " + std::to_string(known->second) + " already");
    }
    ids.push_back(std::move(id));
  }
  return ids;
}

void check_is_one_column(const std::filesystem::path& file, const std::vector<std::string>& ids,
                         const std::function<bool(const std::string&)>& has_file) {
  if (ids.empty()) return;
  const auto& id = ids.front();
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

std::vector<std::string> part_of(const std::vector<std::string>& ids, double from, double to) {
  const auto at = [&](double fraction) {
    return ids.begin() + long(boundary(fraction, ids.size()));
  };
  return {at(from), at(to)};
}

size_t held_out_border(size_t count, double held, const std::function<std::string(size_t)>& scene) {
  size_t border = boundary(1 - held, count);
  if (!scene) return border;
  while (border > 0 && border < count && scene(border) == scene(border - 1)) ++border;
  return border;
}

}  // namespace tasuki
